import Foundation
import SentenceEmbeddings
import Testing
import Vectors

@Suite("Passages")
struct PassageTests {
    @Test(
        "Passages hold all of a text, fit the model and stand where they say",
        arguments: ModelFixture.encoders.filter { $0.name != "static-embedding" },
        [(8, 0), (20, 5), (64, 30), (5, 2)]
    )
    func passages(fixture: ModelFixture, limits: (tokens: Int, overlap: Int)) throws {
        let encoder = try SentenceEncoder(contentsOf: fixture.folder)
        let text =
            "  " + (try fixture.texts().joined(separator: " \n")) + String(repeating: "longword", count: 40)
            + "\u{2003}end "
        let passages = try encoder.passages(of: text, maximumTokens: limits.tokens, overlap: limits.overlap)
        #expect(passages.count > 1)
        var reached = text.startIndex
        for (number, passage) in passages.enumerated() {
            #expect(String(text[passage.range]) == passage.text)
            if passage.range.lowerBound > reached {
                #expect(text[reached..<passage.range.lowerBound].allSatisfy { $0.isWhitespace })
            }
            #expect(passage.range.upperBound > reached, "passage \(number) has nothing new")
            #expect(limits.overlap > 0 || passage.range.lowerBound >= reached)
            reached = passage.range.upperBound
            #expect(encoder.tokenizer.count(passage.text) <= limits.tokens || passage.text.unicodeScalars.count == 1)
        }
        #expect(text[reached...].allSatisfy { $0.isWhitespace })
        #expect(limits.overlap < 5 || zip(passages, passages.dropFirst()).contains { $0.range.overlaps($1.range) })
    }

    @Test("Short texts are one passage, blank ones none")
    func short() throws {
        let encoder = try SentenceEncoder(contentsOf: ModelFixture("bert").folder)
        #expect(try encoder.passages(of: " Water and ice. ").map(\.text) == ["Water and ice."])
        #expect(try encoder.passages(of: " \n\t").isEmpty && encoder.passages(of: "").isEmpty)
        let unlimited = try SentenceEncoder(contentsOf: ModelFixture("static-embedding").folder)
        #expect(try unlimited.passages(of: String(repeating: "ice ", count: 1000)).count == 1)
    }

    @Test(
        "Limits that leave no room are refused",
        arguments: [(2, 0), (65, 0), (-1, 0), (10, 8), (10, -1), (.max, .max)]
    )
    func refused(limits: (tokens: Int, overlap: Int)) throws {
        let encoder = try SentenceEncoder(contentsOf: ModelFixture("bert").folder)
        let error = #expect(throws: VectorError.self) {
            try encoder.passages(of: "ice", maximumTokens: limits.tokens, overlap: limits.overlap)
        }
        #expect(error?.code == .invalidArgument)
    }
}
