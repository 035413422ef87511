// Inverted lists that stay in a file: a search reads those that it visits.

#pragma once

#include <faiss/c_api/faiss_c.h>
#include <faiss/invlists/InvertedLists.h>
#include <faiss_extension.h>

#include <algorithm>
#include <memory>
#include <vector>

/// The vectors of a list, or of a part of it: their codes one behind the other, and their ids.
struct ListRows {
    const uint8_t* codes;
    const idx_t* ids;
    size_t size;
};

/// Memory that a list is read into. It grows and is used again by the next one.
class ListBuffer {
  public:
    uint8_t* room(size_t size) {
        if (size > capacity) {
            const size_t wanted = std::max(size, capacity + capacity / 2);
            capacity = 0;
            memory.reset(); // Not both at the same time.
            memory.reset(new uint8_t[wanted]); // Without zeros: what is read overwrites it. Aligned for any number.
            capacity = wanted;
        }
        return memory.get();
    }

  private:
    std::unique_ptr<uint8_t[]> memory;
    size_t capacity = 0;
};

/// The reader of a file, which is released with it.
class ListSource {
  public:
    explicit ListSource(const FaissListSource& source) noexcept
            : source(source), context(source.context, source.release) {}

    void read(const FaissListPlace& place, size_t size, uint8_t* into) const;
    void expect(uint64_t offset, size_t size) const noexcept {
        source.expect(source.context, offset, size);
    }

  private:
    FaissListSource source;
    std::unique_ptr<void, void (*)(void*)> context;
};

/// Lists of which a part lies in a file, in each the ids and then the codes. The arrays hold what was added since, so that
/// adding to lists, and removing what was added, is the same as if there were no file; who searches looks at both parts.
class FileLists : public faiss::ArrayInvertedLists {
  public:
    FileLists(size_t nlist, size_t code_size, const FaissListPlace* places, ListSource source);

    size_t size_in_file(size_t list) const {
        return places[list].count;
    }
    size_t bytes_in_file(size_t list) const {
        return places[list].count * row_bytes();
    }
    /// The vectors of all lists in the file.
    size_t total_in_file() const;
    size_t directory_bytes() const {
        return places.size() * sizeof places[0];
    }

    /// Asks the system to have a list ready: a search that waits for one list after the other waits for the disk each time.
    void expect(size_t list) const noexcept {
        source.expect(places[list].offset, bytes_in_file(list));
    }
    /// Reads and verifies the part of a list that is in the file, which is there until the buffer's next use.
    ListRows read(size_t list, ListBuffer& buffer) const;

  private:
    size_t row_bytes() const {
        return sizeof(idx_t) + code_size;
    }

    const std::vector<FaissListPlace> places;
    const ListSource source;
};

/// Keeps the lists that will be read next expected, but not so many that they drive each other out of memory.
class ExpectedLists {
  public:
    /// @param file  NULL where there is nothing to be done
    explicit ExpectedLists(const FileLists* file) : file(file) {}

    /// Goes on to the place `current` of a sequence of probes, in which those of a list stand side by side.
    template <class Probe>
    void advance(const std::vector<Probe>& probes, size_t current) {
        if (!file) {
            return;
        }
        for (; next < probes.size() && waiting < window; ++next) {
            if (next == 0 || probes[next].list != probes[next - 1].list) {
                file->expect(probes[next].list);
                waiting += file->bytes_in_file(probes[next].list);
            }
        }
        waiting -= file->bytes_in_file(probes[current].list);
    }

  private:
    static constexpr size_t window = 32 << 20;

    const FileLists* const file;
    size_t next = 0;
    size_t waiting = 0; // Bytes that are expected and not yet read.
};
