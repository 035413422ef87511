#if Milvus
import Milvus
import TestSupport
import Testing
import Vectors

@Suite("How names and numbers are written for a server")
struct MappingTests {
    @Test("The text of a number sorts as the number does, and is the same for an integer and a double of one value")
    func sortableNumbers() {
        var random = SplitMix64(seed: 1)
        var integers: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        var doubles: [Double] = [
            -.infinity, -.greatestFiniteMagnitude, -0x1p63, -.leastNormalMagnitude, -.leastNonzeroMagnitude, -0.0, 0,
            .leastNonzeroMagnitude, .leastNormalMagnitude, 0x1p53, 0x1p63, .greatestFiniteMagnitude, .infinity,
        ]
        for _ in 0..<300 {
            integers.append(Int64(bitPattern: random.next()) >> Int64(random.next() % 64))
            let double = Double(bitPattern: random.next())
            if !double.isNaN { doubles.append(double) }
            doubles.append(Double(integers.last!))
        }
        for first in integers {
            for second in integers {
                #expect((first < second) == (SortableNumber.text(first) < SortableNumber.text(second)))
            }
            for second in doubles {
                // Exact: a double that is no integer of 64 bits is compared with the integers around it.
                let isLess =
                    Int64(exactly: second).map { first < $0 }
                    ?? (second > 0
                        ? second >= 0x1p63 || first <= Int64(second) : second >= -0x1p63 && first < Int64(second))
                #expect(
                    isLess == (SortableNumber.text(first) < SortableNumber.text(second)),
                    "\(first) \(second)"
                )
                #expect(
                    (Int64(exactly: second) == first) == (SortableNumber.text(first) == SortableNumber.text(second))
                )
            }
        }
        for first in doubles {
            for second in doubles {
                #expect((first < second) == (SortableNumber.text(first) < SortableNumber.text(second)))
            }
        }
    }

    @Test("Names are valid on the server, different, and come back")
    func names() throws {
        let names = [
            "books", "my_books", "my-books", "my_x2D_books", "_x", "_x_", "_", "9lives", "a9", "Bücher", "日本", "a b",
            "_x5F_x",
            "x_x41_", "--", "_-", "-_x", "a_x", String(repeating: "n", count: 255),
        ]
        let encoded = try names.map(CollectionName.encoded)
        #expect(encoded.map(CollectionName.decoded) == names)
        #expect(Set(encoded).count == names.count)
        #expect(encoded[0] == "books" && encoded[1] == "my_books" && encoded[2] == "my_x2D_books")
        for name in encoded {
            #expect(
                name.utf8.allSatisfy { $0 == 95 || (48...57).contains($0) || (65...90).contains($0 & ~32) },
                "\(name)"
            )
            #expect(!(48...57).contains(name.utf8.first!), "\(name)")
        }
        for name in ["", String(repeating: "n", count: 256), String(repeating: "é", count: 64)] {
            #expect(throws: VectorError.self) { try CollectionName.encoded(name) }
        }
    }
}
#endif
