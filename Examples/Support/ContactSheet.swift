import CZlib
public import Foundation

/// Rows of small pictures with captions, written as one SVG file that holds their pixels.
public struct ContactSheet {
    /// One small picture.
    public struct Picture {
        /// Shades of grey, or red, green and blue in turn: 1 or 3 bytes a pixel, row after row.
        public var pixels: [UInt8]
        /// How many pixels a row has.
        public var width: Int
        /// What stands below.
        public var caption: String
        /// The colour of its frame, as SVG names it; nil for none.
        public var frame: String?

        /// Makes a picture of so many pixels a row; bytes that don't fill a row are left out.
        public init(_ pixels: [UInt8], width: Int, isColour: Bool = false, caption: String = "", frame: String? = nil) {
            self.pixels = pixels
            self.width = width
            self.isColour = isColour
            self.caption = caption
            self.frame = frame
        }

        fileprivate var isColour: Bool
        private var bytesPerRow: Int { width * (isColour ? 3 : 1) }
        fileprivate var height: Int { pixels.count / bytesPerRow }

        /// The picture as a PNG file (ISO 15948).
        fileprivate var png: Data {
            var header = bigEndian(width) + bigEndian(height)
            header += [8, isColour ? 2 : 0, 0, 0, 0]  // bits a sample, kind of colour; the rest has one value only
            // Each row begins with how it is written: 1 says as differences to the pixel on the left.
            let step = isColour ? 3 : 1
            var rows: [UInt8] = []
            for row in 0..<height {
                let line = pixels[row * bytesPerRow..<(row + 1) * bytesPerRow]
                rows.append(1)
                rows += line.prefix(step)
                rows += zip(line.dropFirst(step), line).map { $0 &- $1 }
            }
            var compressed = [UInt8](repeating: 0, count: Int(compressBound(uLong(rows.count))))
            var length = uLongf(compressed.count)
            // Can't fail: the buffer is as large as zlib asks for.
            compress2(&compressed, &length, rows, uLong(rows.count), 9)
            return Data([0x89] + "PNG\r\n\u{1A}\n".utf8)
                + chunk("IHDR", header) + chunk("IDAT", Array(compressed.prefix(Int(length)))) + chunk("IEND", [])
        }

        private func chunk(_ name: String, _ content: [UInt8]) -> Data {
            let body = Array(name.utf8) + content
            return Data(bigEndian(content.count) + body + bigEndian(Int(crc32(0, body, uInt(body.count)))))
        }

        private func bigEndian(_ number: Int) -> [UInt8] {
            withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) }
        }
    }

    private let title: String
    private let scale: Int
    private var rows: [[Picture]] = []

    /// Makes a sheet without pictures; each pixel of theirs will be a square of `scale` × `scale`.
    public init(title: String, scale: Int = 1) {
        self.title = title
        self.scale = scale
    }

    /// Adds a row, its first picture set apart from the others.
    public mutating func append(row: [Picture]) { rows.append(row) }

    /// Writes the sheet.
    public func write(to url: URL) throws {
        let margin = 8
        let caption = 18
        var shapes = ""
        var bottom = 40
        var right = 0
        for row in rows {
            var left = margin
            for (number, picture) in row.enumerated() {
                let (width, height) = (picture.width * scale, picture.height * scale)
                let place = "x=\"\(left)\" y=\"\(bottom)\" width=\"\(width)\" height=\"\(height)\""
                let data = "data:image/png;base64,\(picture.png.base64EncodedString())"
                shapes += "<image \(place) style=\"image-rendering:pixelated\" href=\"\(data)\"/>\n"
                if let frame = picture.frame {
                    shapes += "<rect \(place) fill=\"none\" stroke=\"\(frame)\" stroke-width=\"3\"/>\n"
                }
                shapes += "<text x=\"\(left)\" y=\"\(bottom + height + 13)\">\(escaped(picture.caption))</text>\n"
                left += width + (number == 0 ? 3 * margin : margin)
            }
            right = max(right, left)
            bottom += (row.map(\.height).max() ?? 0) * scale + caption + margin
        }
        let svg = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(right)" height="\(bottom)" \
            font-family="sans-serif" font-size="11">
            <rect width="100%" height="100%" fill="white"/>
            <text x="\(margin)" y="24" font-size="15">\(escaped(title))</text>
            \(shapes)</svg>

            """
        try Data(svg.utf8).write(to: url)
    }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }
}
