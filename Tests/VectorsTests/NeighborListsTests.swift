import Testing
import Vectors

@Suite("Neighbour lists")
struct NeighborListsTests {
    private func list(_ ids: Int64...) -> [Neighbor] { ids.map { Neighbor(id: $0, distance: Float($0)) } }

    @Test("Lists of any length keep their order")
    func lists() {
        var lists = NeighborLists()
        #expect(lists.isEmpty && lists.neighbors.isEmpty)
        lists.append(list(1, 2))
        lists.append(EmptyCollection())
        lists.append(list(3))
        #expect(lists.count == 3)
        #expect(lists.map { $0.map(\.id) } == [[1, 2], [], [3]])
        #expect(Array(lists[0]) == list(1, 2) && lists[1].isEmpty && Array(lists[2]) == list(3))
        #expect(lists.neighbors == list(1, 2, 3))
    }

    @Test("Collections join, also with themselves and with empty ones")
    func joining() {
        var lists = NeighborLists(minimumCapacity: 2, neighbors: 3)
        lists.append(contentsOf: NeighborLists())
        lists.append(EmptyCollection())
        lists.append(list(5, 6))
        lists.append(contentsOf: lists)
        #expect(lists.map { $0.map(\.id) } == [[], [5, 6], [], [5, 6]])
        var other = NeighborLists()
        other.append(contentsOf: lists)
        #expect(other == lists)
    }
}
