import Faiss
import Testing
import Vectors

/// Files that the first release wrote, one of each type, with a vector removed. They must open for ever: a change that
/// breaks one breaks the files of users.
enum VersionOneFiles {
    struct Fixture: CustomTestStringConvertible {
        let description: IndexDescription
        let metric: Metric
        let ids: [Int64]
        let nextID: Int64
        /// The two nearest to (3, 1, 2, 0).
        let nearest: [Int64]
        let base64: String

        var testDescription: String { "\(description), \(metric)" }
    }

    static let all = [
        Fixture(
            description: .flat,
            metric: .squaredL2,
            ids: [0, 1, 3, 4],
            nextID: 5,
            nearest: [0, 4],
            base64: """
                iVNXRlgNChoBAAAA2UoBsmAAAAAAAAAAbQAAAAAAAACbrQ9GAAAAAAEAAAAAAAAABQAAAAAAAAAEAAAAAAAAAAAAAAAAAAAA\
                AQAAAAAAAAADAAAAAAAAAAQAAAAAAAAASXhGMgQAAAAEAAAAAAAAAAAAEAAAAAAAAAAQAAAAAAABAQAAABAAAAAAAAAAAABA\
                QAAAgD8AAABAAAAAAAAAAAAAAAAAAACAPwAAoEAAAIA/AAAAAAAAQEAAAABAAABAQAAAgD8AAABAAACAPw==
                """
        ),
        Fixture(
            description: .ivfFlat(lists: 2),
            metric: .innerProduct,
            ids: [3, 5, 7, 9],
            nextID: 12,
            nearest: [7, 9],
            base64: """
                iVNXRlgNChoBAAAAZF/Ez0AAAAAAAAAAGwEAAAAAAACI6ZEKAQAAAAAAAAAAAAAADAAAAAAAAAAAAAAAAAAAAEl3RmwEAAAA\
                BAAAAAAAAAAAABAAAAAAAAAAEAAAAAAAAQAAAAACAAAAAAAAAAEAAAAAAAAASXhGSQQAAAACAAAAAAAAAAAAEAAAAAAAAAAQ\
                AAAAAAABAAAAAAgAAAAAAAAA0xXlPrZkLz8l7d0+akrBPky3tT4AAAAATLc1P6/BGz8AAAAAAAAAAABpbGFyAgAAAAAAAAAQ\
                AAAAAAAAAGZ1bGwCAAAAAAAAAAIAAAAAAAAAAgAAAAAAAAAAAEBAAACAPwAAAEAAAAAAAABAQAAAgD8AAABAAACAPwcAAAAA\
                AAAACQAAAAAAAAAAAAAAAAAAAAAAgD8AAKBAAACAPwAAAAAAAEBAAAAAQAUAAAAAAAAAAwAAAAAAAAA=
                """
        ),
        Fixture(
            description: .ivfPQ(lists: 2, subquantizers: 2, bitsPerCode: 4),
            metric: .squaredL2,
            ids: [1, 2, 8, 16],
            nextID: 17,
            nearest: [1, 16],
            base64: """
                iVNXRlgNChoBAAAAhFHzEkAAAAAAAAAACAIAAAAAAABEX0z2AAAAAAAAAAAAAAAAEQAAAAAAAAAAAAAAAAAAAEl3UFEEAAAA\
                BAAAAAAAAAAAABAAAAAAAAAAEAAAAAAAAQEAAAACAAAAAAAAAAEAAAAAAAAASXhGMgQAAAACAAAAAAAAAAAAEAAAAAAAAAAQ\
                AAAAAAABAQAAAAgAAAAAAAAAo4suQC+6iECjiy5A6aILQGdm5j/NzMw+AABAQAAAQEAAAAAAAAAAAAABAQAAAAAAAAAEAAAA\
                AAAAAAIAAAAAAAAABAAAAAAAAABAAAAAAAAAAOiiiz7woou+jC46v/Cii75GF92/8KKLvowuOr+86KK/6KKLPvCii75nZua/\
                zczMvs7MTL/NzMy+o4suwIguOj/IzEw+zczMP+iiiz7woou+XXQRQPCii75ddBFAiC46P110EUCILjo/Rhfdv4guOj+ZmZk/\
                zczMvpmZmT/NzMy+XXQRQJAuOr5ddBFAXHRRP4wuOr9cdFE/jC46v9JFl7+66KI/F100QAAAgL8AAEDAAAAAAAAAgD/ooos+\
                XHRRPwAAAMAAAAAAuuiiPy666D9GF92/XHRRP0YX3b/pogvARhfdv+miC8CMLjq/6aILwAAAAEAAAABAAACAPwAAAABpbGFy\
                AgAAAAAAAAABAAAAAAAAAHNwcnMCAAAAAAAAAAEAAAAAAAAABAAAAAAAAABepTbeAQAAAAAAAAACAAAAAAAAAAgAAAAAAAAA\
                EAAAAAAAAAA=
                """
        ),
        Fixture(
            description: .hnsw(neighbors: 2),
            metric: .squaredL2,
            ids: [0, 1, 3, 4],
            nextID: 5,
            nearest: [0, 4],
            base64: """
                iVNXRlgNChoBAAAASmXMbGgAAAAAAAAAAgMAAAAAAABMOYaFAAAAAAEAAAAAAAAABQAAAAAAAAAFAAAAAAAAAAAAAAAAAAAA\
                AQAAAAAAAAD//////////wMAAAAAAAAABAAAAAAAAABJSE5mBAAAAAUAAAAAAAAAAAAQAAAAAAAAABAAAAAAAAEBAAAAHQAA\
                AAAAAAAAAAAAAADgPwAAAAAAANA/AAAAAAAAwD8AAAAAAACwPwAAAAAAAKA/AAAAAAAAkD8AAAAAAACAPwAAAAAAAHA/AAAA\
                AAAAYD8AAAAAAABQPwAAAAAAAEA/AAAAAAAAMD8AAAAAAAAgPwAAAAD//w8/AAAAAAAAAD8AAAAA///vPgAAAAAAAOA+AAAA\
                4P7/zz4AAADg//+/PgAAAOD+/68+AAAA4P//nz4AAADg/v+PPgAAAOD//38+AAAA4P7/bz4AAADg//9fPgAAAOD+/08+AAAA\
                4P3/Pz4AAACAAAAwPgAAAOD//x8+HgAAAAAAAAAAAAAABAAAAAYAAAAIAAAACgAAAAwAAAAOAAAAEAAAABIAAAAUAAAAFgAA\
                ABgAAAAaAAAAHAAAAB4AAAAgAAAAIgAAACQAAAAmAAAAKAAAACoAAAAsAAAALgAAADAAAAAyAAAANAAAADYAAAA4AAAAOgAA\
                ADwAAAAFAAAAAAAAAAQAAAAEAAAAAQAAAAEAAAABAAAABgAAAAAAAAAAAAAAAAAAAAoAAAAAAAAAFAAAAAAAAAAYAAAAAAAA\
                ABwAAAAAAAAAIAAAAAAAAAAgAAAAAAAAAAEAAAAEAAAAAwAAAP////8BAAAA/////wEAAAD/////AQAAAP////8AAAAABAAA\
                AAMAAAD/////AAAAAP////8AAAAA/////wAAAAD/////BAAAAP///////////////wEAAAAAAAAABAAAAP////8BAAAAAAAA\
                AAMAAAACAAAAAQAAAAMAAAAoAAAAEAAAAAEAAABJeEYyBAAAAAUAAAAAAAAAAAAQAAAAAAAAABAAAAAAAAEBAAAAFAAAAAAA\
                AAAAAEBAAACAPwAAAEAAAAAAAAAAAAAAAAAAAIA/AACgQAAAgEAAAIBAAACAQAAAgEAAAIA/AAAAAAAAQEAAAABAAABAQAAA\
                gD8AAABAAACAPw==
                """
        ),
        Fixture(
            description: .scalarQuantized(),
            metric: .cosine,
            ids: [5, 10, 20, 25],
            nextID: 26,
            nearest: [10, 20],
            base64: """
                iVNXRlgNChoBAAAApOTm1WAAAAAAAAAAgQAAAAAAAACZAuZSAgAAAAEAAAAAAAAAGgAAAAAAAAAEAAAAAAAAAAoAAAAAAAAA\
                BQAAAAAAAAAZAAAAAAAAABQAAAAAAAAASXhTUQQAAAAEAAAAAAAAAAAAEAAAAAAAAAAQAAAAAAABAAAAAAAAAAAAAAAAAAAA\
                AAQAAAAAAAAABAAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAgGMPPgAAAABgPDM/6rFpPyAnXD+r0kg/EAAAAAAAAAD/SnQAAAAQ\
                /2EAxK3/SG9T
                """
        ),
    ]
}
