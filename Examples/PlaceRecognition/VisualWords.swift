import Faiss
import Vectors

/// A vocabulary of patches, learned by k-means, and a vector a view: for each word, how the view's patches differ from
/// it in sum (VLAD: Jégou, Douze, Schmid, Pérez 2010, doi:10.1109/CVPR.2010.5540039).
struct VisualWords {
    private let words: KMeansModel

    init(count: Int, learnedFrom patches: VectorMatrix, progress: @escaping OperationProgress.Handler) throws {
        words = try KMeans(clusters: count).fit(patches, progress: progress)
    }

    /// words × the patches' dimension.
    var dimension: Int { words.centroids.values.count }

    /// The vector of a view, from its patches.
    func vector(of patches: VectorMatrix) throws -> [Float] {
        let length = patches.dimension
        var sums = [Float](repeating: 0, count: dimension)
        for (patch, word) in try words.predict(patches).enumerated() {
            for (column, (value, centre)) in zip(patches[patch], words.centroids[word]).enumerated() {
                sums[word * length + column] += value - centre
            }
        }
        // Each word counts the same, however many patches it has, so that a wall of bricks is not all that is seen
        // (Arandjelović, Zisserman 2013, doi:10.1109/CVPR.2013.207).
        return try VectorMatrix(sums, dimension: length).normalized().values
    }
}
