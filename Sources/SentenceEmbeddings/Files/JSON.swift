package import Foundation
package import Vectors

/// A value of a JSON text (RFC 8259): a place in the text and what is there.
///
/// Foundation's reader compares keys as `String` does, so of "é" in one scalar and in two it keeps one, and vocabularies
/// hold both. Here nothing is copied: a value is 8 bytes beside the text, and a string is decoded when it is asked for.
///
/// The text is checked as a whole when it is read: UTF-8, syntax, and at most ``maximumDepth`` levels. A lone surrogate
/// becomes U+FFFD.
package struct JSON: Sendable {
    /// The levels of arrays and objects within each other.
    package static let maximumDepth = 128
    /// The size of the largest text in bytes.
    package static let maximumSize = Int(Int32.max)

    private let document: Document
    private let index: Int

    /// Reads a file.
    ///
    /// - Throws: `inputOutput` if the file can't be read, `invalidFormat` with the byte's number if it isn't JSON,
    ///   `tooLarge` for more than 2 GB.
    package init(contentsOf url: URL) throws(VectorError) {
        let file = try InputFile(url)
        guard file.size <= Self.maximumSize else {
            throw VectorError(.tooLarge, "'\(file.path)' has \(file.size) bytes; JSON may have \(Self.maximumSize)")
        }
        try self.init(file.bytes(0..<file.size), name: "'\(file.path)'")
    }

    /// Reads a text; the name is for messages.
    ///
    /// - Throws: As ``init(contentsOf:)``.
    package init(_ text: [UInt8], name: String) throws(VectorError) {
        guard text.count <= Self.maximumSize else {
            throw VectorError(.tooLarge, "\(name) has \(text.count) bytes; JSON may have \(Self.maximumSize)")
        }
        var parser = JSONParser(name: name)
        try text.withUnsafeBufferPointer { text throws(VectorError) in try parser.parse(text) }
        self.init(Document(text: text, nodes: parser.nodes, name: name), 0)
    }

    private init(_ document: Document, _ index: Int) {
        self.document = document
        self.index = index
    }

    fileprivate final class Document: Sendable {
        let text: [UInt8]
        let nodes: [JSONParser.Node]
        let name: String

        init(text: [UInt8], nodes: [JSONParser.Node], name: String) {
            self.text = text
            self.nodes = nodes
            self.name = name
        }
    }

    /// The number of the value's first byte in the text.
    package var place: Int { Int(document.nodes[index].place) }

    private var first: UInt8 { document.text[place] }

    /// An error that names the text and the value's place.
    package func error(_ message: String) -> VectorError {
        VectorError(.invalidFormat, "\(document.name), byte \(place): \(message)")
    }

    // MARK: Values

    /// Whether this is `null`.
    package var isNull: Bool { first == UInt8(ascii: "n") }

    /// `true` or `false`; nil if it is something else.
    package var bool: Bool? {
        switch first {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    /// The number, rounded to double precision; nil if it is something else or beyond the largest double.
    package var double: Double? {
        guard let value = number.flatMap({ Double($0) }), value.isFinite else { return nil }
        return value
    }

    /// The number, if it is written as an integer and fits; nil otherwise.
    package var int: Int? { number.flatMap { Int($0) } }

    private var number: String? { withNumber { String(decoding: $0, as: UTF8.self) } }

    /// Calls `body` with the number as it is written; nil if this is no number.
    func withNumber<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
        guard first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10 else { return nil }
        let range = place..<place + Int(document.nodes[index].extent)
        return document.text.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// The string; nil if it is something else.
    package var string: String? { withUTF8 { String(decoding: $0, as: UTF8.self) } }

    /// Calls `body` with the string's UTF-8; nil if this is no string.
    package func withUTF8<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
        guard first == UInt8(ascii: "\"") else { return nil }
        let start = place + 1
        let extent = Int(document.nodes[index].extent)
        return document.text.withUnsafeBufferPointer { text in
            let raw = UnsafeBufferPointer(rebasing: text[start..<start + extent >> 1])
            return extent & 1 == 0 ? body(raw) : JSONParser.unescaped(raw).withUnsafeBufferPointer(body)
        }
    }

    // MARK: Arrays and objects

    /// The elements; nil if this is no array.
    package var array: Elements? {
        first == UInt8(ascii: "[") ? Elements(document: document, position: index + 1, end: endOfContents) : nil
    }

    /// All members in the text's order, those with equal keys, too; nil if this is no object.
    package var object: Members? {
        first == UInt8(ascii: "{")
            ? Members(Elements(document: document, position: index + 1, end: endOfContents)) : nil
    }

    /// The number of elements or members; 0 of anything else. Goes through them.
    var count: Int {
        if let array { return array.reduce(0) { count, _ in count + 1 } }
        return object?.reduce(0) { count, _ in count + 1 } ?? 0
    }

    /// The member with a key, compared byte by byte; the last one of several. nil if there is none or this is no object.
    ///
    /// Goes through all members.
    package subscript(key: String) -> JSON? {
        guard let object else { return nil }
        var key = key
        return key.withUTF8 { key in
            var found: JSON?
            for member in object where member.key.withUTF8({ $0.elementsEqual(key) }) == true { found = member.value }
            return found
        }
    }

    /// The element at a position; nil if there is none or this is no array. Goes through those before it.
    package subscript(position: Int) -> JSON? {
        guard position >= 0, let array else { return nil }
        var rest = array.dropFirst(position).makeIterator()
        return rest.next()
    }

    private var endOfContents: Int { Int(document.nodes[index].extent) }

    /// The elements of an array.
    package struct Elements: Sequence, IteratorProtocol {
        fileprivate let document: Document
        fileprivate var position: Int
        fileprivate let end: Int

        package mutating func next() -> JSON? {
            guard position < end else { return nil }
            let value = JSON(document, position)
            let first = value.first
            let isNested = first == UInt8(ascii: "[") || first == UInt8(ascii: "{")
            position = isNested ? value.endOfContents : position + 1
            return value
        }
    }

    /// The members of an object.
    package struct Members: Sequence, IteratorProtocol {
        private var elements: Elements

        fileprivate init(_ elements: Elements) { self.elements = elements }

        package mutating func next() -> (key: JSON, value: JSON)? {
            guard let key = elements.next(), let value = elements.next() else { return nil }
            return (key, value)
        }
    }
}
