import Vectors

/// What Faiss calls the things whose four letters stand in a file: all that any version up to 1.15 writes, so that a
/// file that can't be read is refused by a name that its owner knows.
extension FaissFormat {
    /// The class that four letters stand for, nil if no known version writes them.
    static func name(of fourCC: String) -> String? {
        indexNames[fourCC] ?? ownNames[fourCC] ?? binaryNames[fourCC] ?? transformNames[fourCC] ?? listNames[fourCC]
    }

    /// With its article.
    static func phrase(_ name: String) -> String { ("AEIO".contains(name.prefix(1)) ? "an " : "a ") + name }

    private static let oldLayout = " in a layout that Faiss no longer writes"

    static let indexNames: [String: String] = [
        "IxFI": "IndexFlat", "IxF2": "IndexFlat", "IxFl": "IndexFlat",
        "IxFP": "IndexFlatPanorama", "IxFp": "IndexFlatPanorama",
        "IxHE": "IndexLSH" + oldLayout, "IxHe": "IndexLSH",
        "IxPQ": "IndexPQ" + oldLayout, "IxPo": "IndexPQ" + oldLayout, "IxPq": "IndexPQ",
        "IxRQ": "IndexResidualQuantizer" + oldLayout, "IxRq": "IndexResidualQuantizer",
        "IxLS": "IndexLocalSearchQuantizer", "IxPR": "IndexProductResidualQuantizer",
        "IxPL": "IndexProductLocalSearchQuantizer",
        "ILfs": "IndexLocalSearchQuantizerFastScan", "IRfs": "IndexResidualQuantizerFastScan",
        "IPLf": "IndexProductLocalSearchQuantizerFastScan", "IPRf": "IndexProductResidualQuantizerFastScan",
        "IVLf": "IndexIVFLocalSearchQuantizerFastScan", "IVRf": "IndexIVFResidualQuantizerFastScan",
        "NPLf": "IndexIVFProductLocalSearchQuantizerFastScan", "NPRf": "IndexIVFProductResidualQuantizerFastScan",
        "ImRQ": "ResidualCoarseQuantizer (RCQ)", "Imiq": "MultiIndexQuantizer (IMI)",
        "Ix2L": "Index2Layer", "IxSQ": "IndexScalarQuantizer", "IxLa": "IndexLattice",
        "IvFl": "IndexIVFFlat" + oldLayout, "IvFL": "IndexIVFFlat" + oldLayout, "IwFl": "IndexIVFFlat",
        "IwFd": "IndexIVFFlatDedup", "IwPn": "IndexIVFFlatPanorama", "IwP2": "IndexIVFFlatPanorama",
        "IvSQ": "IndexIVFScalarQuantizer" + oldLayout, "IwSQ": "IndexIVFScalarQuantizer" + oldLayout,
        "IwSq": "IndexIVFScalarQuantizer",
        "IwLS": "IndexIVFLocalSearchQuantizer", "IwRQ": "IndexIVFResidualQuantizer",
        "IwPL": "IndexIVFProductLocalSearchQuantizer", "IwPR": "IndexIVFProductResidualQuantizer",
        "IwSh": "IndexIVFSpectralHash",
        "IvPQ": "IndexIVFPQ" + oldLayout, "IwPQ": "IndexIVFPQ",
        "IvQR": "IndexIVFPQR" + oldLayout, "IwQR": "IndexIVFPQR",
        "IwIQ": "IndexIVFIndependentQuantizer",
        "IxPT": "IndexPreTransform", "IxRF": "IndexRefine", "IxRP": "IndexRefinePanorama",
        "IxMp": "IndexIDMap", "IxM2": "IndexIDMap2",
        "IH00": "IndexHNSW", "IHNf": "IndexHNSWFlat", "IHfP": "IndexHNSWFlatPanorama", "IHNp": "IndexHNSWPQ",
        "IHNs": "IndexHNSWSQ", "IHN2": "IndexHNSW2Level", "IHNc": "IndexHNSWCagra", "IHc2": "IndexHNSWCagra",
        "INSf": "IndexNSGFlat", "INSp": "IndexNSGPQ", "INSs": "IndexNSGSQ", "INNf": "IndexNNDescentFlat",
        "IPfs": "IndexPQFastScan", "IwPf": "IndexIVFPQFastScan",
        "IRMf": "IndexRowwiseMinMax", "IRMh": "IndexRowwiseMinMaxFP16",
        "IxEd": "IndexEDEN", "IxEe": "IndexEDEN", "IwEd": "IndexIVFEDEN", "IwEe": "IndexIVFEDEN",
        "Ixrq": "IndexRaBitQ", "Ixrr": "IndexRaBitQ", "Iwrq": "IndexIVFRaBitQ", "Iwrr": "IndexIVFRaBitQ",
        "Irfs": "IndexRaBitQFastScan", "Irfn": "IndexRaBitQFastScan",
        "Iwrf": "IndexIVFRaBitQFastScan", "Iwrn": "IndexIVFRaBitQFastScan",
        "ISVF": "IndexSVSFlat", "ISVD": "IndexSVSVamana", "ISV2": "IndexSVSVamana", "ILVQ": "IndexSVSVamanaLVQ",
        "ISVL": "IndexSVSVamanaLeanVec", "ISID": "IndexSVSIVF", "ISIQ": "IndexSVSIVFLVQ",
        "ISIL": "IndexSVSIVFLeanVec",
        "null": "index without its vectors",
    ]

    private static let ownNames = [
        RaBitQFormat.flat: "IndexRaBitQ", RaBitQFormat.lists: "IndexIVFRaBitQ", RaBitQFormat.rotation: "rotation",
    ]

    static let binaryNames: [String: String] = [
        "IBxF": "IndexBinaryFlat", "IBwF": "IndexBinaryIVF", "IBFf": "IndexBinaryFromFloat",
        "IBHf": "IndexBinaryHNSW", "IBHc": "IndexBinaryHNSWCagra", "IBMp": "IndexBinaryIDMap",
        "IBM2": "IndexBinaryIDMap2", "IBHh": "IndexBinaryHash", "IBHm": "IndexBinaryMultiHash",
    ]

    static let transformNames: [String: String] = [
        "rrot": "RandomRotationMatrix", "LTra": "LinearTransform", "Pcam": "PCAMatrix",
        "PCAm": "PCAMatrix" + oldLayout, "PcAm": "PCAMatrix" + oldLayout,
        "Viqm": "ITQMatrix", "Viqt": "ITQTransform (ITQ)", "HRot": "HadamardRotation",
        "RmDT": "RemapDimensionsTransform (Pad)", "VNrm": "NormalizationTransform (L2norm)",
        "VCnt": "CenteringTransform",
    ]

    static let listNames: [String: String] = [
        "il00": "set of inverted lists that is stored elsewhere", "ilar": "ArrayInvertedLists",
        "ilbl": "BlockInvertedLists",
        "ilod": "OnDiskInvertedLists", "ilpn": "ArrayInvertedListsPanorama", "ilp2": "ArrayInvertedListsPanorama",
    ]

    /// Faiss's metrics by their numbers, but the two that are offered.
    static let metricNames: [Int32: String] = [
        2: "METRIC_L1", 3: "METRIC_Linf", 4: "METRIC_Lp", 20: "METRIC_Canberra", 21: "METRIC_BrayCurtis",
        22: "METRIC_JensenShannon", 23: "METRIC_Jaccard", 24: "METRIC_NaNEuclidean", 25: "METRIC_GOWER",
    ]

    /// Faiss's ScalarQuantizer::QuantizerType, in its order.
    static let scalarQuantizerNames = [
        "QT_8bit", "QT_4bit", "QT_8bit_uniform", "QT_4bit_uniform", "QT_fp16", "QT_8bit_direct", "QT_6bit", "QT_bf16",
        "QT_8bit_direct_signed", "QT_0bit", "QT_1bit_tqmse", "QT_2bit_tqmse", "QT_3bit_tqmse", "QT_4bit_tqmse",
        "QT_8bit_tqmse", "QT_2bit_tq", "QT_3bit_tq", "QT_4bit_tq", "QT_5bit_tq", "QT_1bit_eden", "QT_2bit_eden",
        "QT_3bit_eden", "QT_4bit_eden", "QT_5bit_eden", "QT_6bit_eden", "QT_7bit_eden", "QT_8bit_eden",
    ]

    /// The error for what Faiss has and this package has not, said with all that is around it.
    ///
    /// - Parameter what: with its article.
    func notOffered(_ what: String) -> VectorError {
        let outside = around.reversed().map { " inside " + Self.phrase($0) }.joined()
        let verb = around.isEmpty ? "is" : "holds"
        return VectorError(.unsupported, "it \(verb) \(what)\(outside), which this package does not offer")
    }

    /// The error for four letters that can't be read where they stand.
    ///
    /// - Parameter kind: what was expected there, such as "index".
    func notReadable(_ fourCC: String, as kind: String) -> VectorError {
        if let name = Self.name(of: fourCC) {
            if around.isEmpty, Self.transformNames[fourCC] != nil {
                return VectorError(.unsupported, "it is \(Self.phrase(name)) by itself, which is no index")
            }
            return notOffered(Self.phrase(name))
        }
        let isText = fourCC.utf8.count == 4 && fourCC.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        if around.isEmpty, bytes.starts(with: IndexFile.magic) {
            return VectorError(
                .unsupported,
                "it is this package's own file of an index: read it with init(contentsOf:)"
            )
        }
        if around.isEmpty, !isText || !fourCC.hasPrefix("I") {
            return invalid("it does not start as a Faiss index does")
        }
        return isText
            ? notOffered("\(Self.phrase(kind)) of type '\(fourCC)', which no Faiss up to 1.15 writes")
            : invalid("where the type of \(Self.phrase(kind)) should be are other bytes")
    }
}
