import Synchronization
package import Vectors

package import struct Foundation.URL

/// One reading of files under way: what its threads share.
///
/// Threads take one block after the other. A gzip file can only be read from its start on, so one thread takes all of
/// its blocks.
package final class CorpusReading: Sendable {
    private struct File {
        var url: URL
        var size: Int
        /// nil for a gzip file, which is taken as a whole.
        var blocks: Int?
    }

    private let files: [File]
    private let layout: TextLayout
    private let spool: Spool?
    private let wordMemory: Int
    private let cancellation: Cancellation
    private let state = Mutex(State())

    private struct State {
        var next = TextBlock(file: 0, number: 0)
        var begun = 0
        var finished: [(part: Int, writer: PassageWriter)] = []
        var failure: VectorError?
    }

    /// - Parameter wordMemory: the bytes that the distinct words may take in each thread.
    package init(
        _ urls: [URL],
        _ layout: TextLayout,
        spool: Spool?,
        wordMemory: Int,
        cancellation: Cancellation
    ) throws(VectorError) {
        self.layout = layout
        self.spool = spool
        self.wordMemory = wordMemory
        self.cancellation = cancellation
        var files: [File] = []
        for url in urls {
            let file = try InputFile(url)
            let blocks = file.size / layout.blockSize + (file.size % layout.blockSize > 0 ? 1 : 0)
            let isGzip = try GzipStream.isGzip(file)
            // Before threads come upon what follows the mark of another encoding, in any order.
            if !isGzip { _ = try UTF8Text.start(of: file) }
            files.append(File(url: url, size: file.size, blocks: isGzip ? nil : blocks))
        }
        self.files = files
    }

    /// Reads all files with up to so many threads and gives what each of them has found.
    package func run(threads: Int) throws(VectorError) -> [PassageWriter] {
        withWorkers(threads) {
            self.work()
        } caller: {
            work()
        }
        try checkGoingOn()
        return state.withLock { $0.finished }.sorted { $0.part < $1.part }.map(\.writer)
    }

    /// Works until no block is left, the work is cancelled or has failed elsewhere.
    private func work() {
        do throws(VectorError) {
            guard var block = takeBlock() else { return }
            let part = state.withLock { state in
                defer { state.begun += 1 }
                return state.begun
            }
            let counter = WordCounter(memory: wordMemory, cancellation: cancellation)
            var writer = PassageWriter(counter: counter, part: part, spool: spool)
            let tokenizer = Tokenizer()
            let window = TextWindow(layout)
            var open: (number: Int, file: InputFile)?
            while true {
                let file: InputFile
                if let open, open.number == block.file {
                    file = open.file
                } else {
                    file = try InputFile(files[block.file].url)
                    open = (block.file, file)
                }
                writer.block = block
                if files[block.file].blocks == nil {
                    let stream = try GzipStream(file)
                    while try window.fill(stream, block: writer.block.number) {
                        try window.read(tokenizer, into: &writer, goingOn: checkGoingOn)
                        writer.block.number += 1
                    }
                } else {
                    try window.fill(file, block: block.number, size: files[block.file].size)
                    try window.read(tokenizer, into: &writer, goingOn: checkGoingOn)
                }
                guard let next = takeBlock() else { break }
                block = next
            }
            let result = writer
            state.withLock { $0.finished.append((part, result)) }
        } catch {
            state.withLock { $0.failure = $0.failure ?? error }
        }
    }

    /// The next block to read; the first one of a gzip file stands for all of them.
    private func takeBlock() -> TextBlock? {
        state.withLock { state in
            while state.failure == nil, state.next.file < files.count {
                let block = state.next
                state.next.number += 1
                if block.number < files[block.file].blocks ?? 1 { return block }
                state.next = TextBlock(file: block.file + 1, number: 0)
            }
            return nil
        }
    }

    /// Throws if the work was cancelled or another thread has failed.
    private func checkGoingOn() throws(VectorError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        try cancellation.check("reading the corpus")
    }
}
