import Faiss
import TestSupport
import Testing
import Vectors

@Suite("Factory strings")
struct FactoryTests {
    @Test("A factory string is the builder that it stands for")
    func meaning() throws {
        let meanings: [(String, IndexDescription)] = [
            ("Flat", .flat), ("IDMap,Flat", .flat), ("IDMap2,Flat", .flat), ("Flat,IDMap", .flat),
            ("Flat,IDMap2", .flat), ("IVF64,Flat,IDMap", .ivfFlat(lists: 64)),
            ("HNSW16_Flat,IDMap2", .hnsw(neighbors: 16)), ("PQ8,RFlat,IDMap", .refined(.pq(subquantizers: 8))),
            ("PCA16,IDMap,Flat", .pca(to: 16, then: .flat)),
            ("SQ8", .scalarQuantized()), ("SQ6", .scalarQuantized(.int6)), ("SQ4", .scalarQuantized(.int4)),
            ("SQfp16", .scalarQuantized(.float16)),
            ("PQ16", .pq(subquantizers: 16)), ("PQ16np", .pq(subquantizers: 16)),
            ("PQ16x4", .pq(subquantizers: 16, bitsPerCode: 4)), ("PQ16x8np", .pq(subquantizers: 16)),
            ("PQ16x4fs", .pqFastScan(subquantizers: 16)), ("PQ16x4fs_32", .pqFastScan(subquantizers: 16)),
            ("HNSW", .hnsw()), ("HNSW16", .hnsw(neighbors: 16)), ("HNSW16,Flat", .hnsw(neighbors: 16)),
            ("IVF64,Flat", .ivfFlat(lists: 64)), ("IVF64,PQ8np", .ivfPQ(lists: 64, subquantizers: 8)),
            ("IVF64,SQ8", .ivf(lists: 64, storing: .scalarQuantized())),
            ("IVF64,PQ8x4fs", .ivf(lists: 64, storing: .pqFastScan(subquantizers: 8))),
            ("PCA16,Flat", .pca(to: 16, then: .flat)), ("RR,SQ8", .randomRotation(then: .scalarQuantized())),
            ("L2norm,Flat", .normalized(then: .flat)),
            ("PCA16,L2Norm,SQ8", .pca(to: 16, then: .normalized(then: .scalarQuantized()))),
            ("PCAR16,Flat", .pca(to: 16, isWhitened: false, isRotated: true, then: .flat)),
            ("PCAW16,Flat", .pca(to: 16, isWhitened: true, then: .flat)),
            ("PCAWR16,Flat", .pca(to: 16, isWhitened: true, isRotated: true, then: .flat)),
            ("RR16,HNSW8", .randomRotation(to: 16, then: .hnsw(neighbors: 8))),
            ("OPQ8,PQ8", .opq(subquantizers: 8, then: .pq(subquantizers: 8))),
            ("Flat,RFlat", .refined(.flat)), ("PQ8x4fs,Refine(Flat)", .refined(.pqFastScan(subquantizers: 8))),
            (
                "IDMap2,PCA24,OPQ8_16,IVF64,PQ8x4fs,RFlat",
                .refined(
                    .pca(
                        to: 24,
                        then: .opq(
                            subquantizers: 8,
                            to: 16,
                            then: .ivf(lists: 64, storing: .pqFastScan(subquantizers: 8))
                        )
                    )
                )
            ),
        ]
        for (string, description) in meanings { #expect(try IndexDescription(factory: string) == description) }
    }

    /// Most of these crash, hang or exhaust Faiss 1.7.3's own reader or what it builds.
    @Test("Numbers that Faiss would crash or hang on are refused by value and limit")
    func badNumbers() throws {
        let refused: [(String, [String])] = [
            ("PQ0", [" 0 ", "1...32"]), ("OPQ0,PQ0", [" 0 "]), ("HNSW0", [" 0 ", "2...256"]), ("HNSW1", ["2...256"]),
            ("HNSW1000000", ["1000000", "2...256"]), ("PQ4x0", [" 0 ", "neither 4 nor 8"]), ("PQ0x4fs", [" 0 "]),
            ("IVF0,Flat", [" 0 ", "1...1048576"]), ("IVF1000000000,Flat", ["1000000000"]), ("PCA0,Flat", [" 0 "]),
            ("RR0,Flat", [" 0 "]), ("PCA1000000000,Flat", ["1000000000", "1...32"]), ("PQ5", ["5 subquantizers"]),
            ("PQ8x5", [" 5 "]), ("PQ8x64", [" 64 "]), ("PQ99999999999999999999", ["\(Int.max)"]),
            ("IVF99999999999999999999,Flat", ["\(Int.max)"]), ("OPQ8_0,PQ8", [" 0 "]), ("OPQ8_7,PQ8", ["7", "8"]),
        ]
        for (string, parts) in refused {
            do {
                _ = try VectorIndex(IndexDescription(factory: string), dimension: 32)
                Issue.record("'\(string)' was accepted")
            } catch {
                #expect(error.code == .invalidArgument, "\(string): \(error.message)")
                for part in parts { #expect(error.message.contains(part), "\(string): \(error.message)") }
            }
        }
    }

    @Test("What the grammar doesn't have is refused by name")
    func badStrings() {
        let nonsense = [
            "", ",", ",,", "Flat,", ",Flat", "flat", " Flat", "Flat ", "Flat\0", "IVF,Flat", "IVF-1,Flat", "IVF+1,Flat",
            "IVF64", "IVF64,", "IVF64,HNSW32", "IVF64,IVF64,Flat", "IVF٣,Flat", "IVF1e3,Flat", "OPQ8", "OPQ8_,PQ8",
            "OPQ_8,PQ8", "OPQ8_16_24,PQ8", "PCA,Flat", "PCA8", "RFlat", "IDMap", "IDMap,IDMap,Flat", "Flat,Flat",
            "IDMap,Flat,IDMap", "Flat,IDMap,IDMap", "Flat,IDMap,RFlat", "IDMap2,IDMap", "IVF64,IDMap,Flat", "HNSW_16",
            "HNSW16_Flat,Flat", "Flat,IDMap3", "PCA16,IDMap", "IDMap,PCA16,IDMap,Flat",
            "Flat,RFlat,RFlat", "PQ", "PQx4", "PQ8x", "PQ8x4x4", "PQx4fs", "HNSWx", "kings", "🦒", "IVF64(",
        ]
        for string in nonsense {
            do {
                let description = try IndexDescription(factory: string)
                Issue.record("'\(string)' became \(description)")
            } catch {
                #expect([.invalidArgument, .unsupported].contains(error.code))
                #expect(error.message.contains("'\(string)'"), "\(error.message)")
            }
        }
        for string in [
            "LSH", "NSG32", "RQ4x8", "LSQ4x8", "ITQ,LSH", "Pad64,Flat", "PQ8x4fsr", "IVF64_HNSW32,Flat",
            "PCARW16,Flat", "SQbf16", "IMI2x8,Flat", "HNSW32_SQ8", "ZnLattice3x10_6", "PQ8x4fs_64",
        ] {
            do {
                let description = try IndexDescription(factory: string)
                Issue.record("'\(string)' became \(description)")
            } catch {
                #expect(error.code == .unsupported, "\(error.message)")
            }
        }
    }

    @Test("A string of any length is refused at once", arguments: [257, 2000, 1_000_000])
    func longStrings(length: Int) {
        for unit in ["PCA8,", "(", "é"] {
            let string = String(String(repeating: unit, count: length).prefix(length))
            expectFailure(.invalidArgument, naming: "256") { try IndexDescription(factory: string) }
        }
        // Of the length that is allowed, nested as deep as it goes.
        let nested = String(repeating: "RR,", count: 84) + "Flat"
        expectFailure(.invalidArgument, naming: "6 deep") {
            try VectorIndex(IndexDescription(factory: nested), dimension: 8)
        }
    }

    @Test(
        "Random strings of the grammar's own pieces end in a description or a typed error",
        arguments: 0..<4 as Range<UInt64>
    )
    func randomStrings(seed: UInt64) throws {
        let pieces = [
            "IVF", "PQ", "OPQ", "PCA", "HNSW", "SQ", "Flat", "RFlat", "RR", "x", "_", "fs", "np", "4", "8", "16", "0",
            ",",
            ",", "IDMap", "Refine(Flat)",
        ]
        var random = SplitMix64(seed: seed)
        var built = 0
        for _ in 0..<3000 {
            let string = (0..<Int.random(in: 1...9, using: &random)).map { _ in pieces.randomElement(using: &random)! }
                .joined()
            do {
                _ = try VectorIndex(IndexDescription(factory: string), dimension: 32)
                built += 1
            } catch {
                #expect([.invalidArgument, .unsupported].contains(error.code), "\(string): \(error.message)")
            }
        }
        #expect(built > 0)
    }
}
