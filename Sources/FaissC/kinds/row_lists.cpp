#include "row_lists.h"

#include "../guarded.h"
#include "../large_pages.h"

void RowListsKind::keep_in_file(const FaissListPlace* places, size_t count, size_t code_size, ListSource source) {
    if (count != ivf.nlist || code_size != ivf.code_size || ivf.ntotal != 0) {
        throw FileFailure(FAISS_FILE_DAMAGED, "its lists don't fit its trained part");
    }
    auto lists = std::make_unique<FileLists>(count, code_size, places, std::move(source));
    ivf.ntotal = static_cast<idx_t>(lists->total_in_file());
    ivf.replace_invlists(lists.release(), true);
}

void RowListsKind::bring_into_memory() {
    if (!file) {
        return;
    }
    auto lists = std::make_unique<faiss::ArrayInvertedLists>(ivf.nlist, ivf.code_size);
    ListBuffer buffer;
    for (size_t list = 0; list < ivf.nlist; ++list) {
        if (list + 1 < ivf.nlist) {
            file->expect(list + 1);
        }
        for (const ListRows& rows : {file->read(list, buffer), rows_in_memory(list)}) {
            lists->add_entries(list, rows.size, rows.ids, rows.codes);
        }
    }
    move_to_large_pages(*lists, ivf.code_size);
    ivf.replace_invlists(lists.release(), true);
}

void RowListsKind::write_list(size_t list, faiss::IOWriter& writer) const {
    if (file && list + 1 < ivf.nlist) {
        file->expect(list + 1); // While this one is written.
    }
    ListBuffer buffer;
    const ListRows parts[] = {file ? file->read(list, buffer) : ListRows{}, rows_in_memory(list)};
    const auto write = [&](const void* bytes, size_t size) {
        FAISS_THROW_IF_NOT_MSG(writer(bytes, 1, size) == size, "the output takes no more bytes");
    };
    for (const ListRows& rows : parts) {
        write(rows.ids, rows.size * sizeof(idx_t));
    }
    for (const ListRows& rows : parts) {
        write(rows.codes, rows.size * ivf.code_size);
    }
}

void RowListsKind::describe(FaissIndexShape& shape) const {
    ListsKind::describe(shape);
    shape.bytes += file ? file->directory_bytes() : 0;
}

bool RowListsKind::write_to(IndexOutput&) const {
    check_in_memory();
    return false;
}

void RowListsKind::copy_labels(idx_t* labels) const {
    check_in_memory();
    ListsKind::copy_labels(labels);
}

void RowListsKind::take_vectors(FaissContents& contents) const {
    check_in_memory();
    ListsKind::take_vectors(contents);
}

void RowListsKind::check_in_memory() const {
    FAISS_THROW_IF_NOT_MSG(!file, "the lists of the index are in a file");
}
