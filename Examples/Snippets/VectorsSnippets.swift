import Foundation
import Vectors

func vectorsSnippets(_ folder: URL) throws {
    // GettingStarted
    let matrix = try VectorMatrix(rows: [[1, 0, 0], [0.9, 0.1, 0], [0, 0, 1]])
    print(matrix)  // 3 × 3
    print(matrix[1])  // the row with number 1, an ArraySlice of its numbers
    let directions = matrix.normalized()
    let firstTwo = directions[0..<2]

    let file = folder.appending(path: "vectors.npy")
    try VectorFile.write(firstTwo, to: file)
    let again = try VectorFile.read(file)

    do {
        _ = try VectorFile.read(folder.appending(path: "missing.fvecs"))
    } catch {
        print(error.code, error.message)  // error is a VectorError, as the call's type says
    }

    // FileFormats
    try VectorFile.writeIDs([[3, 1], [2, 0]], to: folder.appending(path: "truth.ivecs"))
    let truth = try VectorFile.readIDs(folder.appending(path: "truth.ivecs"))

    precondition(again.count == 2 && truth == [[3, 1], [2, 0]])
}
