/// What a search looks for.
enum SearchGoal: Sendable {
    case nearest(Int)
    case within(Float)
}
