#include "file_lists.h"

#include "../guarded.h"

void ListSource::read(const FaissListPlace& place, size_t size, uint8_t* into) const {
    FileFailure failure;
    failure.code = source.read(
            source.context, place.offset, size, place.checksum, into, failure.message, sizeof failure.message);
    if (failure.code != OK) {
        throw failure;
    }
}

FileLists::FileLists(size_t nlist, size_t code_size, const FaissListPlace* places, ListSource source)
        : ArrayInvertedLists(nlist, code_size), places(places, places + nlist), source(std::move(source)) {}

size_t FileLists::total_in_file() const {
    size_t total = 0;
    for (const FaissListPlace& place : places) {
        total += place.count;
    }
    return total;
}

ListRows FileLists::read(size_t list, ListBuffer& buffer) const {
    const size_t size = size_in_file(list);
    uint8_t* bytes = buffer.room(bytes_in_file(list));
    source.read(places[list], bytes_in_file(list), bytes);
    return {bytes + size * sizeof(idx_t), reinterpret_cast<const idx_t*>(bytes), size};
}
