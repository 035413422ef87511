import Testing
import Vectors

/// Expects a `VectorError` with this code whose message contains all these parts.
func expectFailure<Answer>(
    _ code: VectorError.Code,
    naming parts: String...,
    sourceLocation: SourceLocation = #_sourceLocation,
    of body: () throws -> Answer
) {
    do {
        let answer = try body()
        Issue.record("no error, but \(answer)", sourceLocation: sourceLocation)
    } catch let error as VectorError {
        #expect(error.code == code, "\(error.message)", sourceLocation: sourceLocation)
        for part in parts {
            #expect(error.message.contains(part), "\(error.message)", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("\(error) is not a VectorError", sourceLocation: sourceLocation)
    }
}
