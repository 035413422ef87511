import Foundation
import Vectors

/// A file of weights in Hugging Face's format "safetensors": the header's length in 8 bytes, the header in JSON, numbers.
///
/// The header is checked as a whole: every tensor lies within the file and begins where the one before it ends.
struct SafetensorsFile: Sendable {
    /// The most bytes of a header, as in Hugging Face's own reader.
    static let maximumHeaderSize = 100_000_000

    /// The tensors by their names; those with a type that is not read are left out.
    let tensors: [String: Tensor]
    /// The types that are not read, by the names of the tensors.
    let otherTypes: [String: String]

    init(contentsOf url: URL) throws(VectorError) {
        let file = try InputFile(url)
        func fail(_ message: String) -> VectorError { VectorError(.invalidFormat, "'\(file.path)': \(message)") }

        let length = try file.firstBytes(8)
        guard length.count == 8 else { throw fail("\(file.size) bytes are too few for a safetensors file") }
        let headerSize = length.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard headerSize <= min(Self.maximumHeaderSize, file.size - 8) else {
            throw fail(
                "the header has \(headerSize) bytes; the file has \(file.size), a header may have \(Self.maximumHeaderSize)"
            )
        }
        let start = 8 + Int(headerSize)
        let header = try JSON(file.bytes(8..<start), name: "the header of '\(file.path)'")
        guard let members = header.object else { throw header.error("this is no object") }

        var tensors: [String: Tensor] = [:]
        var otherTypes: [String: String] = [:]
        var ranges: [(range: Range<Int>, name: String)] = []
        for (key, value) in members {
            let name = key.string ?? ""
            if name == "__metadata__" { continue }
            guard tensors[name] == nil, otherTypes[name] == nil else { throw key.error("'\(name)' stands there twice") }
            guard let type = value["dtype"]?.string else { throw value.error("'\(name)' has no dtype") }
            guard let shape = integers(value["shape"]) else { throw value.error("'\(name)' has no shape of numbers") }
            guard let ends = integers(value["data_offsets"]), ends.count == 2, ends[0] <= ends[1],
                ends[1] <= file.size - start
            else { throw value.error("data_offsets of '\(name)' are no range within \(file.size - start) bytes") }
            ranges.append((ends[0]..<ends[1], name))
            guard let element = Tensor.Element(rawValue: type) else {
                otherTypes[name] = type
                continue
            }
            var size = element.size
            for length in shape {
                let (product, overflow) = size.multipliedReportingOverflow(by: length)
                guard !overflow else { throw value.error("shape \(shape) of '\(name)' is too large") }
                size = product
            }
            guard size == ends[1] - ends[0] else {
                throw value.error("'\(name)' of shape \(shape) takes \(size) bytes, \(ends[1] - ends[0]) are there")
            }
            tensors[name] = Tensor(name: name, element: element, shape: shape, file: file, offset: start + ends[0])
        }

        var end = 0
        for (range, name) in ranges.sorted(by: {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }) {
            guard range.lowerBound == end else {
                throw fail("tensor '\(name)' begins at \(range.lowerBound), the one before it ends at \(end)")
            }
            end = range.upperBound
        }
        guard end == file.size - start else {
            throw fail("the tensors take \(end) bytes, \(file.size - start) follow the header")
        }
        self.tensors = tensors
        self.otherTypes = otherTypes
    }
}

/// The numbers of an array, none of them negative.
private func integers(_ value: JSON?) -> [Int]? {
    guard let elements = value?.array else { return nil }
    var numbers: [Int] = []
    for element in elements {
        guard let number = element.int, number >= 0 else { return nil }
        numbers.append(number)
    }
    return numbers
}
