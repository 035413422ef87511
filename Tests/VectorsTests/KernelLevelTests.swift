import Foundation
import TestSupport
import Testing
import VectorsC

@Suite("The level of the kernels")
struct KernelLevelTests {
    @Test("A level has a name, and no other name, nor one that this processor lacks, stands for a level")
    func names() {
        let names = ["baseline", "avx2", "avx512"]
        var level = KERNEL_BASELINE
        for (name, expected) in zip(names, KernelLevel.available) {
            #expect(kernel_level_named(name, &level) == 1 && level == expected)
        }
        for name in [nil, ""] { #expect(kernel_level_named(name, &level) == 1 && level == kernel_level_widest()) }
        for name in names.dropFirst(KernelLevel.available.count) + ["AVX2", "avx3", "baseline "] {
            #expect(kernel_level_named(name, &level) == 0)
        }
    }

    @Test(
        "The program refuses a level that does not exist, with its name and the choices, whatever it is to do",
        .enabled(if: VectorsProgram.url != nil)
    )
    func misspelt() throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appending(path: name).path }
            let text = Array(repeating: "a b c d", count: 100).joined(separator: "\n")
            try text.write(toFile: path("corpus.txt"), atomically: true, encoding: .utf8)
            let training = ["train", path("corpus.txt"), "--output", path("words.txt"), "--dimension", "8"]
            #expect(try VectorsProgram.run(training).status == 0)
            let tries = [
                training,
                ["index", "build", path("words.txt"), "--type", "flat", "--output", path("words.vindex")],
                ["cluster", path("words.txt"), "-k", "2", "--output", path("clusters.txt")],
            ]
            let choices = KernelLevel.available.map { "\($0)" }
            let list = choices.dropLast().joined(separator: ", ") + (choices.count > 1 ? " or " : "") + choices.last!
            for arguments in tries {
                #expect(try VectorsProgram.run(arguments).status == 0, "\(arguments)")
                let process = try VectorsProgram.process(arguments)
                process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_FAISS_SIMD": "avx3"]) { $1 }
                let output = Pipe()
                process.standardError = output
                try process.run()
                let said = try output.fileHandleForReading.readToEnd() ?? Data()
                process.waitUntilExit()
                #expect(process.terminationReason == .exit && process.terminationStatus == 1)
                let line = "SWIFT_FAISS_SIMD is 'avx3'; on this processor it may be \(list)\n"
                #expect(String(decoding: said, as: UTF8.self).hasSuffix(line), "\(arguments)")
            }
        }
    }
}
