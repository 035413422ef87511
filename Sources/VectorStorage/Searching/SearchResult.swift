/// The answers to a query, nearest first, and how they were found.
public struct SearchResult: Sendable {
    /// Nearest first; equally near ones in the order of their writing.
    public var matches: [VectorMatch]
    /// How they were found.
    public var diagnostics: SearchDiagnostics

    /// Puts a result together.
    public init(matches: [VectorMatch], diagnostics: SearchDiagnostics) {
        self.matches = matches
        self.diagnostics = diagnostics
    }
}
