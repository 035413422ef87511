import Synchronization
import Testing
import Vectors

@Suite("Work on several threads")
struct ConcurrencyTests {
    private struct Failure: Error {}

    @Test("Pieces cover their range once, in order of their taking", arguments: [0, 1, 7, 64, 65])
    func pieces(end: Int) {
        let pieces = Pieces(of: end, size: 8)
        var taken: [Range<Int>] = []
        while let piece = pieces.next() { taken.append(piece) }
        #expect(taken.flatMap(Array.init) == Array(0..<end) && taken.count == pieces.count)
        #expect(
            taken.dropLast().allSatisfy { $0.count == 8 } && pieces.next() == nil
                && pieces.shareTaken == 1
        )
    }

    @Test("No piece is taken after a stop; a size below 1 counts as 1")
    func stopped() {
        let pieces = Pieces(of: 10, size: 0)
        #expect(pieces.count == 10 && pieces.next() == 0..<1)
        pieces.stop()
        #expect(pieces.next() == nil)
    }

    @Test("Every piece is worked on once, whatever the number of threads", arguments: [1, 2, 8] as [ThreadLimit])
    func everyPiece(threads: ThreadLimit) {
        let visits = Mutex([Int](repeating: 0, count: 1000))
        var shares: [Double] = []
        inPieces(of: 1000, size: 7, threads: threads, progress: { shares.append($0) }) { piece in
            visits.withLock { visits in for place in piece { visits[place] += 1 } }
        }
        #expect(visits.withLock { $0 } == [Int](repeating: 1, count: 1000))
        #expect(shares == shares.sorted() && shares.allSatisfy { (0...1).contains($0) })
    }

    @Test("A failure ends the work and is thrown", arguments: [1, 4] as [ThreadLimit])
    func failing(threads: ThreadLimit) {
        let worked = Atomic(0)
        #expect(throws: Failure.self) {
            try inPieces(of: 1_000_000, size: 1, threads: threads) { piece throws(Failure) in
                worked.add(1, ordering: .relaxed)
                if piece.lowerBound == 5 { throw Failure() }
            }
        }
        #expect((6..<1_000_000).contains(worked.load(ordering: .relaxed)))
    }

    @Test("Seeded numbers are SplitMix64's")
    func seeded() {
        var random = SeededGenerator(seed: 1_234_567)
        let numbers = (0..<5).map { _ in random.next() }
        // The first numbers of Vigna's splitmix64.c.
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ]
        )
    }
}
