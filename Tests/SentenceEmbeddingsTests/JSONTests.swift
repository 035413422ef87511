import Foundation
import SentenceEmbeddings
import TestSupport
import Testing
import Vectors

@Suite("JSON")
struct JSONTests {
    private func read(_ text: String) throws(VectorError) -> JSON { try JSON(Array(text.utf8), name: "text") }

    @Test("Values are read as they are written")
    func values() throws {
        let json = try read(
            #" { "a" : [1, -2.5e3, true, false, null, "x"], "b": {}, "c": [], "d": 9007199254740993, "e": 1e999 } "#
        )
        #expect(json["a"]?[0]?.int == 1 && json["a"]?[0]?.double == 1)
        #expect(json["a"]?[1]?.int == nil && json["a"]?[1]?.double == -2500)
        #expect(json["a"]?[2]?.bool == true && json["a"]?[3]?.bool == false)
        #expect(json["a"]?[4]?.isNull == true && json["a"]?[4]?.bool == nil)
        #expect(json["a"]?[5]?.string == "x" && json["a"]?[6] == nil && json["a"]?[-1] == nil)
        #expect(json["b"]?.object?.map(\.key.place) == [] && json["b"]?.array == nil)
        #expect(json["c"]?.array?.map(\.place) == [])
        #expect(json["d"]?.int == 9_007_199_254_740_993)
        #expect(json["e"]?.double == nil && json["e"]?.int == nil)
        #expect(json["f"] == nil && json["a"]?["b"] == nil)
        #expect(json.object?.compactMap(\.key.string) == ["a", "b", "c", "d", "e"])
    }

    @Test("Keys are compared byte by byte, and the last of equal ones counts")
    func keys() throws {
        let json = try read("{\"\u{E9}\": 1, \"e\u{301}\": 2, \"a\": 3, \"\\u0061\": 4}")
        #expect(json["\u{E9}"]?.int == 1)
        #expect(json["e\u{301}"]?.int == 2)
        #expect(json["a"]?.int == 4)
        #expect(json.object?.map(\.value.int) == [1, 2, 3, 4])
    }

    @Test("Escapes are decoded, and lone surrogates become U+FFFD")
    func escapes() throws {
        let json = try read(#"["\"\\\/\b\f\n\r\t", "\u00e9\ud83d\ude00", "\ud83dx", "\ude00\ud83d", "\ud83d\u0041"]"#)
        #expect(json[0]?.string == "\"\\/\u{8}\u{C}\n\r\t")
        #expect(json[1]?.string == "\u{E9}\u{1F600}")
        #expect(json[2]?.string == "\u{FFFD}x")
        #expect(json[3]?.string == "\u{FFFD}\u{FFFD}")
        #expect(json[4]?.string == "\u{FFFD}A")
    }

    @Test(
        "What is no JSON is refused with its place",
        arguments: [
            ("", 0), (" ", 1), ("[", 1), ("{\"a\"", 4), ("{\"a\":1,}", 7), ("{1:2}", 1), ("[1,]", 3), ("[1 2]", 3),
            ("1 2", 2), ("\"a", 2), ("\"\\x\"", 2), ("\"\\u12g4\"", 2), ("nul", 0), ("-", 1), ("01", 1), ("1.", 2),
            ("1e+", 3), ("[1]]", 3), ("\"\u{1}\"", 1), ("+1", 0), ("NaN", 0), ("\u{FEFF}1", 0), ("[1}", 2), ("{]", 1),
        ]
    )
    func damaged(text: String, place: Int) throws {
        let error = #expect(throws: VectorError.self) { try read(text) }
        #expect(error?.code == .invalidFormat)
        #expect(error?.message.hasPrefix("text, byte \(place):") == true, "\(error?.message ?? "")")
    }

    @Test("Invalid UTF-8 is refused")
    func invalidUTF8() {
        let damaged: [[UInt8]] = [
            [0x80], [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xE2, 0x82],
            [0xF4, 0x90, 0x80, 0x80], [0xFF],
        ]
        for bytes in damaged {
            #expect(throws: VectorError.self) { try JSON([0x22] + bytes + [0x22], name: "text") }
        }
    }

    @Test("Recursion has a limit, whatever the size")
    func recursion() throws {
        let most = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(try read(most).array != nil)
        #expect(throws: VectorError.self) { try read("[" + most + "]") }
        #expect(throws: VectorError.self) { try JSON([UInt8](repeating: 0x5B, count: 100 << 20), name: "text") }
        #expect(throws: VectorError.self) { try read(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test("A text cut anywhere is refused")
    func cuts() throws {
        let text = Array(#"{"a": [1.5, "é\u00e9", {"b": null}], "c": true}"#.utf8)
        for length in 0..<text.count {
            #expect(throws: VectorError.self) { try JSON(Array(text[..<length]), name: "text") }
        }
    }
}
