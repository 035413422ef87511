// HNSW graphs over the vectors of any space (Malkov and Yashunin 2018, doi:10.1109/TPAMI.2018.2889473), in libfaiss's
// own data, which it writes and reads.

#pragma once

#include "../large_pages.h"
#include "../threads.h"

#include <faiss/impl/HNSW.h>
#include <faiss/impl/IDSelector.h>
#include <faiss/utils/random.h>

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <mutex>
#include <type_traits>
#include <vector>

namespace graph {

using Node = faiss::HNSW::storage_idx_t;

constexpr Node none = -1;

/// A vertex and how far it is from what is looked for.
struct Neighbor {
    float key;
    Node node;
};

/// Links may be read while others change them: each is then an old one or a new one.
inline Node read(const Node& link) {
    return __atomic_load_n(&link, __ATOMIC_RELAXED);
}

inline void write(Node& link, Node node) {
    __atomic_store_n(&link, node, __ATOMIC_RELAXED);
}

/// The links of a vertex on one layer: up to `room`, then -1.
struct Links {
    Node* first;
    size_t room;

    /// Copies them to `nodes` and returns how many there are.
    size_t copy(Node* nodes) const {
        size_t count = 0;
        for (; count < room; ++count) {
            const Node node = read(first[count]);
            if (node == none) {
                break;
            }
            nodes[count] = node;
        }
        return count;
    }

    void set(const std::vector<Neighbor>& neighbors) const {
        for (size_t i = 0; i < room; ++i) {
            write(first[i], i < neighbors.size() ? neighbors[i].node : none);
        }
    }
};

/// A graph over the vectors of a space, which computes how near they are:
///
///     Value                                   what vectors consist of
///     prepare(x)[0]                           a query in the form that key and keys take
///     key(query, node)                        smaller is nearer
///     keys(query, nodes, count, limit, keys)  those smaller than the limit, and of others any that are not
///     vector(node)                            as it is stored
///     between(a, b)                           the key of two stored vectors
///     between(a, nodes, count, keys)
///     are_equal(a, b)                         whether two stored vectors are the same
template <class SomeSpace>
struct Graph {
    using Space = SomeSpace;

    Graph(const faiss::HNSW& hnsw, const Space& space) : hnsw(hnsw), space(space) {}

    Links links(Node node, int layer) const {
        const size_t start = hnsw.offsets[static_cast<size_t>(node)];
        const int first = hnsw.cum_nneighbor_per_level[static_cast<size_t>(layer)];
        const int last = hnsw.cum_nneighbor_per_level[static_cast<size_t>(layer) + 1];
        // Faiss's vector is changed only through what add_nodes gets as not constant.
        auto* all = const_cast<Node*>(hnsw.neighbors.data());
        return {all + start + static_cast<size_t>(first), static_cast<size_t>(last - first)};
    }

    const faiss::HNSW& hnsw;
    const Space space;
};

/// The memory of a walk, kept by its thread from one to the next.
struct Scratch {
    /// A bit for each vertex met, all 0 between walks.
    std::vector<uint64_t> visited;
    /// Where bits are set.
    std::vector<Node> met;
    /// The nearest so far, nearest first.
    std::vector<Neighbor> candidates;
    /// Whether a candidate's links were followed.
    std::vector<uint8_t> followed;
    std::vector<Node> nodes;
    std::vector<float> keys;

    static Scratch& of_this_thread() {
        static thread_local Scratch scratch;
        return scratch;
    }
};

/// One walk through a graph towards a prepared query.
template <class Space>
class Walk {
  public:
    Walk(const Graph<Space>& graph, const typename Space::Value* query) : graph(graph), query(query), scratch(Scratch::of_this_thread()) {
        scratch.visited.resize(std::max(scratch.visited.size(), graph.hnsw.levels.size() / 64 + 1));
    }

    ~Walk() {
        clear();
    }

    Walk(const Walk&) = delete;

    float key(Node node) const {
        return graph.space.key(query, node);
    }

    /// Goes from a vertex to nearer ones on a layer as long as there are.
    void descend(int layer, Neighbor& nearest) {
        for (bool is_nearer = true; is_nearer;) {
            const Links links = graph.links(nearest.node, layer);
            scratch.nodes.resize(links.room);
            const size_t count = links.copy(scratch.nodes.data());
            compute_keys(count, nearest.key);
            is_nearer = false;
            for (size_t i = 0; i < count; ++i) {
                if (scratch.keys[i] < nearest.key) {
                    nearest = {scratch.keys[i], scratch.nodes[i]};
                    is_nearer = true;
                }
            }
        }
    }

    /// Follows the links of the nearest candidate on a layer until those of the `ef` nearest are followed, and leaves
    /// these in candidates(). Tells `met` of every vertex on the way, unless it is nullptr.
    ///
    /// Of equal vectors no more than `most_equal` are candidates: thousands would leave no room for others.
    template <class Met>
    void explore(int layer, Neighbor start, size_t ef, size_t most_equal, const Met& met) {
        constexpr bool sees_all = !std::is_same_v<Met, std::nullptr_t>;
        const auto tell = [&](const Neighbor& neighbor) {
            if constexpr (sees_all) {
                met(neighbor);
            }
        };
        auto& candidates = scratch.candidates;
        auto& followed = scratch.followed;
        candidates.clear();
        followed.clear();
        visit(start.node);
        candidates.push_back(start);
        followed.push_back(0);
        tell(start);
        for (size_t next = 0; next < candidates.size();) {
            followed[next] = 1;
            const size_t count = unvisited(graph.links(candidates[next].node, layer));
            compute_keys(count, sees_all || candidates.size() < ef ? INFINITY : candidates.back().key);
            size_t lowest = next + 1;
            for (size_t i = 0; i < count; ++i) {
                const Neighbor neighbor{scratch.keys[i], scratch.nodes[i]};
                tell(neighbor);
                if (candidates.size() == ef && !(neighbor.key < candidates.back().key)) {
                    continue;
                }
                const auto place = std::upper_bound(
                        candidates.begin(), candidates.end(), neighbor, [](const Neighbor& a, const Neighbor& b) {
                            return a.key < b.key;
                        });
                const auto offset = place - candidates.begin();
                if (is_one_too_many(neighbor, static_cast<size_t>(offset), most_equal)) {
                    continue;
                }
                if (candidates.size() == ef) {
                    candidates.pop_back();
                    followed.pop_back();
                }
                prefetch(graph.links(neighbor.node, layer));
                candidates.insert(candidates.begin() + offset, neighbor);
                followed.insert(followed.begin() + offset, 0);
                lowest = std::min(lowest, static_cast<size_t>(offset));
            }
            next = lowest;
            while (next < candidates.size() && followed[next]) {
                ++next;
            }
        }
    }

    const std::vector<Neighbor>& candidates() const {
        return scratch.candidates;
    }

    /// Makes all vertices new again.
    void clear() {
        for (const Node node : scratch.met) {
            scratch.visited[static_cast<size_t>(node) / 64] = 0;
        }
        scratch.met.clear();
    }

    /// Keeps a vertex from being met.
    bool visit(Node node) {
        uint64_t& word = scratch.visited[static_cast<size_t>(node) / 64];
        const uint64_t bit = uint64_t(1) << (node % 64);
        if (word & bit) {
            return false;
        }
        scratch.met.push_back(node);
        word |= bit;
        return true;
    }

  private:
    /// Whether the candidates before a place are so many with the same vector.
    bool is_one_too_many(const Neighbor& neighbor, size_t place, size_t most_equal) const {
        if (place < most_equal) {
            return false;
        }
        const Neighbor& first = scratch.candidates[place - most_equal];
        return first.key == neighbor.key && graph.space.are_equal(first.node, neighbor.node) &&
                graph.space.are_equal(scratch.candidates[place - 1].node, neighbor.node);
    }

    /// Those linked vertices that were not met before, in scratch.nodes.
    size_t unvisited(Links links) {
        scratch.nodes.resize(links.room);
        size_t count = 0;
        for (size_t i = 0; i < links.room; ++i) {
            const Node node = read(links.first[i]);
            if (node == none) {
                break;
            }
            if (visit(node)) {
                scratch.nodes[count++] = node;
            }
        }
        return count;
    }

    /// Fetches the links of a vertex that is likely to be followed.
    static void prefetch(Links links) {
        const size_t nodes_in_line = 64 / sizeof(Node);
        for (size_t i = 0; i < links.room; i += nodes_in_line) {
            __builtin_prefetch(links.first + i);
        }
    }

    /// The keys of scratch.nodes that are smaller than the limit, and for others any that are not.
    void compute_keys(size_t count, float limit) {
        scratch.keys.resize(std::max(scratch.keys.size(), count));
        graph.space.keys(query, scratch.nodes.data(), count, limit, scratch.keys.data());
    }

    const Graph<Space>& graph;
    const typename Space::Value* const query;
    Scratch& scratch;
};

/// Links new vertices into a graph.
template <class Space>
class Builder {
  public:
    Builder(faiss::HNSW& hnsw, const Space& space) : hnsw(hnsw), graph(hnsw, space) {}

    void add(Node node, int node_layer) {
        const auto prepared = graph.space.prepare(graph.space.vector(node));
        Neighbor nearest;
        int layer;
        {
            const std::lock_guard<std::mutex> guard(entry);
            if (hnsw.entry_point == none) {
                hnsw.entry_point = node;
                hnsw.max_level = node_layer;
                return;
            }
            nearest.node = hnsw.entry_point;
            layer = hnsw.max_level;
        }
        Walk<Space> walk(graph, prepared[0]);
        nearest.key = walk.key(nearest.node);
        for (; layer > node_layer; --layer) {
            walk.descend(layer, nearest);
        }
        for (; layer >= 0; --layer) {
            walk.visit(node); // Others may know it already on this layer; it must not be linked to itself.
            const size_t most_equal = 2; // They are linked with each other apart from others.
            walk.explore(layer, nearest, static_cast<size_t>(hnsw.efConstruction), most_equal, nullptr);
            nearest = walk.candidates().front();
            link(node, layer, walk.candidates());
            walk.clear();
        }
        const std::lock_guard<std::mutex> guard(entry);
        if (node_layer > hnsw.max_level) {
            hnsw.max_level = node_layer;
            hnsw.entry_point = node;
        }
    }

  private:
    /// Links a vertex to the best of the candidates, which are sorted, and them to it.
    void link(Node node, int layer, const std::vector<Neighbor>& candidates) {
        const Links own = graph.links(node, layer);
        std::vector<Neighbor> others;
        Node twin = none;
        for (const Neighbor& candidate : candidates) {
            if (!graph.space.are_equal(node, candidate.node)) {
                others.push_back(candidate);
            } else if (twin == none) {
                twin = candidate.node;
            }
        }
        std::vector<Neighbor> chosen;
        choose(others, own.room - (twin == none ? 0 : twin_links(own)), chosen);
        for (const Neighbor& neighbor : chosen) {
            add_link(node, neighbor.node, neighbor.key, layer);
        }
        for (const Neighbor& neighbor : chosen) {
            add_link(neighbor.node, node, neighbor.key, layer);
        }
        if (twin != none) {
            join(node, twin, layer);
        }
    }

    /// How many links a vertex may have to vertices with the same vector. Any that are near such a one would be near all
    /// of them, so that no distance decides which links to keep: they form a ring, into which a new one is put beside one that
    /// was found, and each keeps its links to others.
    static size_t twin_links(const Links& links) {
        return std::min<size_t>(2, (links.room + 1) / 2);
    }

    /// Puts a vertex between another with the same vector and one of those that that one is linked with.
    void join(Node node, Node twin, int layer) {
        std::mutex* first = &locks[static_cast<size_t>(node) % locks.size()];
        std::mutex* second = &locks[static_cast<size_t>(twin) % locks.size()];
        if (second < first) {
            std::swap(first, second); // All take them in one order.
        }
        const std::unique_lock<std::mutex> one(*first);
        const auto other = first == second ? std::unique_lock<std::mutex>() : std::unique_lock<std::mutex>(*second);
        const Links theirs = graph.links(twin, layer);
        std::vector<Node> nodes(theirs.room);
        const size_t count = theirs.copy(nodes.data());
        size_t twins = 0, last = 0;
        for (size_t i = 0; i < count; ++i) {
            if (graph.space.are_equal(twin, nodes[i])) {
                ++twins;
                last = i;
            }
        }
        put(node, twin, layer);
        if (twins < twin_links(theirs)) {
            put(twin, node, layer);
        } else {
            put(node, nodes[last], layer);
            write(theirs.first[last], node);
        }
    }

    /// Adds a link, where there is no room in place of the last one to another vector.
    void put(Node from, Node to, int layer) {
        const Links links = graph.links(from, layer);
        std::vector<Node> nodes(links.room);
        const size_t count = links.copy(nodes.data());
        size_t place = count;
        for (size_t i = count; count == links.room && i > 0 && place == count; --i) {
            place = graph.space.are_equal(from, nodes[i - 1]) ? place : i - 1;
        }
        if (place < links.room) {
            write(links.first[place], to);
        }
    }

    /// Adds a link; where there is no room, the best of all links stay.
    void add_link(Node from, Node to, float key, int layer) {
        const Links links = graph.links(from, layer);
        const std::lock_guard<std::mutex> guard(locks[static_cast<size_t>(from) % locks.size()]);
        std::vector<Node> nodes(links.room);
        const size_t count = links.copy(nodes.data());
        if (count < links.room) {
            write(links.first[count], to);
            return;
        }
        std::vector<float> keys(count);
        graph.space.between(from, nodes.data(), count, keys.data());
        std::vector<Neighbor> others{{key, to}}, twins;
        for (size_t i = 0; i < count; ++i) {
            (graph.space.are_equal(from, nodes[i]) ? twins : others).push_back({keys[i], nodes[i]});
        }
        std::sort(others.begin(), others.end(), [](const Neighbor& a, const Neighbor& b) { return a.key < b.key; });
        std::vector<Neighbor> chosen;
        choose(others, links.room - twins.size(), chosen);
        chosen.insert(chosen.end(), twins.begin(), twins.end());
        links.set(chosen);
    }

    /// Of candidates sorted by their distance, up to `room`: those that are nearer to the vertex than to every one
    /// chosen before (algorithm 4 of the paper), and no two with the same vector. If there are fewer than that, all.
    void choose(const std::vector<Neighbor>& candidates, size_t room, std::vector<Neighbor>& chosen) const {
        if (candidates.size() < room) {
            chosen = candidates;
            return;
        }
        if (room == 0) {
            return;
        }
        for (const Neighbor& candidate : candidates) {
            const bool is_apart = std::all_of(chosen.begin(), chosen.end(), [&](const Neighbor& other) {
                return !(graph.space.between(candidate.node, other.node) < candidate.key) &&
                        !(candidate.key == other.key && graph.space.are_equal(candidate.node, other.node));
            });
            if (is_apart) {
                chosen.push_back(candidate);
                if (chosen.size() == room) {
                    return;
                }
            }
        }
    }

    faiss::HNSW& hnsw;
    const Graph<Space> graph;
    std::mutex entry;
    std::array<std::mutex, 4096> locks;
};

/// Finds the k nearest among those that a walk with `ef` candidates meets and the selector (or NULL) admits, nearest
/// first. Missing answers are -1, their keys the largest.
template <class Space>
void find_nearest(
        const Graph<Space>& graph,
        const typename Space::Value* x,
        size_t k,
        size_t ef,
        const faiss::IDSelector* selector,
        float* keys,
        idx_t* labels) {
    std::fill_n(keys, k, FLT_MAX);
    std::fill_n(labels, k, none);
    if (graph.hnsw.entry_point == none) {
        return;
    }
    const auto prepared = graph.space.prepare(x);
    Walk<Space> walk(graph, prepared[0]);
    Neighbor start{walk.key(graph.hnsw.entry_point), graph.hnsw.entry_point};
    for (int layer = graph.hnsw.max_level; layer > 0; --layer) {
        walk.descend(layer, start);
    }
    const size_t wide = std::max(ef, k);
    std::vector<Neighbor> nearest;
    if (selector) {
        walk.explore(0, start, wide, SIZE_MAX, [&](const Neighbor& neighbor) {
            if (selector->is_member(neighbor.node)) {
                nearest.push_back(neighbor);
            }
        });
    } else {
        walk.explore(0, start, wide, k, nullptr);
        const auto& found = walk.candidates();
        nearest.assign(found.begin(), found.begin() + static_cast<ptrdiff_t>(std::min(k, found.size())));
    }
    const size_t count = std::min(k, nearest.size());
    std::partial_sort(
            nearest.begin(),
            nearest.begin() + static_cast<ptrdiff_t>(count),
            nearest.end(),
            [](const Neighbor& a, const Neighbor& b) {
                return a.key < b.key || (a.key == b.key && a.node < b.node);
            });
    for (size_t place = 0; place < count; ++place) {
        keys[place] = nearest[place].key;
        labels[place] = nearest[place].node;
    }
}

/// Adds to the shape of the vectors what their graph is and takes.
inline void describe(const faiss::HNSW& hnsw, FaissIndexShape& shape) {
    shape.kind = FAISS_KIND_HNSW_FLAT;
    shape.M = hnsw.nb_neighbors(1);
    shape.efConstruction = hnsw.efConstruction;
    shape.bytes += hnsw.neighbors.size() * sizeof(Node) + hnsw.offsets.size() * sizeof(size_t) +
            hnsw.levels.size() * sizeof(int);
}

/// Makes room for the links of `count` more vertices.
inline void reserve_links(faiss::HNSW& hnsw, size_t count) {
    // One vertex in M has M links on a layer above; the vector grows by itself if chance has it that there are more.
    const auto links = static_cast<size_t>(hnsw.cum_nneighbor_per_level[1]);
    reserve_on_large_pages(hnsw.neighbors, hnsw.neighbors.size() + count * (links + 2));
}

/// Links the vertices before ..< before + count, whose vectors the space has.
template <class Space>
void add_nodes(faiss::HNSW& hnsw, const Space& space, size_t before, size_t count, int threads) {
    const int top = hnsw.prepare_level_tab(count, false);
    // The highest first; among equals in an order of chance, so that neighbours in the data don't meet at the same time
    // (and because libfaiss does).
    std::vector<std::vector<Node>> by_layer(static_cast<size_t>(top) + 1);
    for (size_t i = 0; i < count; ++i) {
        by_layer[static_cast<size_t>(hnsw.levels[before + i] - 1)].push_back(static_cast<Node>(before + i));
    }
    Builder<Space> builder(hnsw, space);
    faiss::RandomGenerator random(789);
    for (int layer = top; layer >= 0; --layer) {
        auto& nodes = by_layer[static_cast<size_t>(layer)];
        for (size_t i = nodes.size(); i > 1; --i) {
            std::swap(nodes[i - 1], nodes[static_cast<size_t>(random.rand_int(static_cast<int>(i)))]);
        }
        in_slices(static_cast<idx_t>(nodes.size()), threads, [&](idx_t first, idx_t size) {
            for (idx_t i = first; i < first + size; ++i) {
                builder.add(nodes[static_cast<size_t>(i)], layer);
            }
        });
    }
}

} // namespace graph
