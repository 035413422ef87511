// The calls of faiss_extension.h about inverted lists in a file.

#include "guarded.h"
#include "io.h"
#include "kinds/kinds.h"

extern "C" {

int faiss_Index_keep_lists_in_file(
        FaissIndex* index,
        const FaissListPlace* places,
        size_t list_count,
        size_t code_size,
        FaissListSource source) {
    ListSource owned(source); // Before anything can fail.
    return guarded([&] {
        row_lists_of(*cpp(index))->keep_in_file(places, list_count, code_size, std::move(owned));
    });
}

int faiss_Index_bring_lists_into_memory(FaissIndex* index) {
    return guarded([&] { row_lists_of(*cpp(index))->bring_into_memory(); });
}

int faiss_Index_code_size(const FaissIndex* index, size_t* p_size) {
    return guarded([&] { *p_size = row_lists_of(*cpp(index))->code_size(); });
}

int faiss_Index_write_list(const FaissIndex* index, size_t list, FaissWriteFunction function, void* context) {
    return guarded([&] {
        FunctionWriter writer(function, context);
        row_lists_of(*cpp(index))->write_list(list, writer);
    });
}

int faiss_Index_write_trained_part(const FaissIndex* index, FaissWriteFunction function, void* context) {
    return guarded([&] {
        FunctionWriter writer(function, context);
        IndexOutput(writer, false).by_libfaiss(*row_lists_of(*cpp(index))->without_vectors());
    });
}

} // extern "C"
