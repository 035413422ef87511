#if Milvus
import NIOCore
import NIOPosix

/// Runs tasks on the thread of one event loop. A call whose connection is on that loop changes threads twice, on its way
/// there and back; on Swift's own threads it would a dozen times.
final class EventLoopExecutor: TaskExecutor {
    let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
#endif
