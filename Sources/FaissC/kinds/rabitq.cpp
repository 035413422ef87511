#include "rabitq.h"

#include "../large_pages.h"
#include "../threads.h"
#include "makers.h"

#include <faiss/invlists/BlockInvertedLists.h>

#include <cmath>
#include <cstring>

// MARK: The rotation

FastRotation::FastRotation(int d) : VectorTransform(d, d), signs(rabitq_rounds * d) {
    uint64_t state = 1;
    for (float& sign : signs) {
        // SplitMix64: the numbers are part of the file format.
        uint64_t mixed = state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
        sign = (mixed ^ mixed >> 31) >> 63 ? -1.0f : 1.0f;
    }
}

std::vector<float> FastRotation::matrix() const {
    // Its columns are what it makes of unit vectors.
    const size_t d = d_in;
    std::vector<float> matrix(d * d), unit(d), column(d);
    for (size_t j = 0; j < d; ++j) {
        unit[j] = 1;
        apply_noalloc(1, unit.data(), column.data());
        unit[j] = 0;
        for (size_t i = 0; i < d; ++i) {
            matrix[i * d + j] = column[i];
        }
    }
    return matrix;
}

void FastRotation::apply_noalloc(idx_t n, const float* x, float* xt) const {
    std::copy(x, x + n * d_in, xt);
    for (idx_t i = 0; i < n; ++i) {
        rabitq_kernels(kernel_level()).turn(xt + i * d_in, d_in, signs.data(), false);
    }
}

void FastRotation::reverse_transform(idx_t n, const float* xt, float* x) const {
    std::copy(xt, xt + n * d_in, x);
    for (idx_t i = 0; i < n; ++i) {
        rabitq_kernels(kernel_level()).turn(x + i * d_in, d_in, signs.data(), true);
    }
}

// MARK: The indexes

RaBitQIndex::RaBitQIndex(idx_t d, size_t bits, faiss::MetricType metric)
        : Index(d, metric), layout(d, bits), center(d) {
    is_trained = false;
}

void RaBitQIndex::add(idx_t, const float*) {
    FAISS_THROW_MSG("vectors are added by the index's kind");
}

void RaBitQIndex::search(idx_t, const float*, idx_t, float*, idx_t*, const faiss::SearchParameters*) const {
    FAISS_THROW_MSG("an index is searched by its kind");
}

void RaBitQIndex::reset() {
    blocks.clear();
    ntotal = 0;
}

RaBitQLists::RaBitQLists(faiss::Index* quantizer, size_t d, size_t list_count, size_t bits, faiss::MetricType metric)
        : IndexIVF(quantizer, d, list_count, RaBitQRows(RaBitQLayout(d, bits), metric).row_bytes(), metric),
          layout(d, bits),
          lists(*new faiss::BlockInvertedLists(list_count, rabitq_block, layout.block_bytes())) {
    is_trained = false;
    replace_invlists(&lists, true);
}

void RaBitQLists::encode_vectors(idx_t, const float*, const idx_t*, uint8_t*, bool) const {
    FAISS_THROW_MSG("vectors are encoded by the index's kind");
}

// MARK: Rows

namespace {

/// Calls body(part, offset, first) for each part of a row: its bits, where it begins, and its first bit.
template <class Body>
void for_each_part(const RaBitQLayout& layout, const Body& body) {
    size_t offset = 0;
    for (size_t first = 0; first < layout.bits; first += layout.part(first)) {
        const size_t part = layout.part(first);
        body(part, offset, first);
        offset += layout.pieces(part) * 4;
    }
}

/// The byte of a part that has a component.
size_t byte_of(size_t component, size_t part) {
    return component / (32 / part) * 4 + component % 4;
}

size_t shift_of(size_t component, size_t part) {
    return component % (32 / part) / 4 * part;
}

float number(const uint8_t* place) {
    float value;
    std::memcpy(&value, place, sizeof value);
    return value;
}

void set_number(uint8_t* place, float value) {
    std::memcpy(place, &value, sizeof value);
}

/// What a row's factor is multiplied by.
float unit_of(const RaBitQLayout& layout) {
    return layout.bits == 1 ? 2 / static_cast<float>(std::sqrt(static_cast<double>(layout.dimension))) : 1;
}

/// What a row's term lacks.
float lacking(const RaBitQLayout& layout, bool is_l2, const float* centroid) {
    if (layout.bits > 1 || is_l2) {
        return 0;
    }
    return faiss_distance_kernels(kernel_level())->inner_product(centroid, centroid, layout.dimension) / 2;
}

/// The squared cosine between a vector and its code, of many normally distributed components.
constexpr float usual_cosine[] = {0.6366f, 0.8812f, 0.9626f, 0.9885f};

} // namespace

uint8_t RaBitQRows::get(const uint8_t* row, size_t component) const {
    size_t code = 0;
    for_each_part(layout, [&](size_t part, size_t offset, size_t first) {
        const size_t bits = row[offset + byte_of(component, part)] >> shift_of(component, part);
        code |= (bits & ((1 << part) - 1)) << first;
    });
    return static_cast<uint8_t>(code);
}

void RaBitQRows::set(uint8_t* row, size_t component, uint8_t code) const {
    for_each_part(layout, [&](size_t part, size_t offset, size_t first) {
        const int bits = code >> first & ((1 << part) - 1);
        row[offset + byte_of(component, part)] |= static_cast<uint8_t>(bits << shift_of(component, part));
    });
}

float RaBitQRows::square_of_code(const uint8_t* row) const {
    const float middle = static_cast<float>((1 << layout.bits) - 1) / 2;
    float square = 0;
    for (size_t i = 0; i < layout.dimension; ++i) {
        const float component = get(row, i) - middle;
        square += component * component;
    }
    return square;
}

void RaBitQRows::encode(const float* x, const float* centroid, uint8_t* row) const {
    const size_t d = layout.dimension;
    std::vector<float> left(d);
    std::vector<uint8_t> code(d);
    for (size_t i = 0; i < d; ++i) {
        left[i] = x[i] - centroid[i];
    }
    const RaBitQCode made = rabitq_kernels(kernel_level()).encode(left.data(), d, layout.bits, code.data());
    std::memset(row, 0, code_bytes);
    for_each_part(layout, [&](size_t part, size_t offset, size_t first) {
        for (size_t i = 0; i < d; ++i) {
            const int bits = code[i] >> first & ((1 << part) - 1);
            row[offset + byte_of(i, part)] |= static_cast<uint8_t>(bits << shift_of(i, part));
        }
    });
    float term = made.square;
    if (!is_l2) {
        term = -faiss_distance_kernels(kernel_level())->inner_product(centroid, left.data(), d);
    }
    set_number(row + code_bytes, term - lacking(layout, is_l2, centroid));
    set_number(row + code_bytes + sizeof(float), made.factor / unit_of(layout));
}

void RaBitQRows::decode(const uint8_t* row, const float* centroid, float* x) const {
    const float middle = static_cast<float>((1 << layout.bits) - 1) / 2;
    const float factor = number(row + code_bytes + sizeof(float)) * unit_of(layout);
    // Products with f v are right in the mean; what is nearest to the vector is shorter.
    float shortened = factor * usual_cosine[layout.bits - 1];
    if (is_l2 && factor > 0) {
        shortened = number(row + code_bytes) / (factor * square_of_code(row));
    }
    for (size_t i = 0; i < layout.dimension; ++i) {
        x[i] = centroid[i] + shortened * (get(row, i) - middle);
    }
}

void RaBitQRows::pack(const uint8_t* row, uint8_t* blocks, size_t place) const {
    uint8_t* block = blocks + place / rabitq_block * layout.block_bytes();
    const size_t lane = place % rabitq_block;
    for (size_t word = 0; word < row_bytes() / 4; ++word) {
        std::memcpy(block + (word * rabitq_block + lane) * 4, row + word * 4, 4);
    }
}

void RaBitQRows::unpack(const uint8_t* blocks, size_t place, uint8_t* row) const {
    const uint8_t* block = blocks + place / rabitq_block * layout.block_bytes();
    const size_t lane = place % rabitq_block;
    for (size_t word = 0; word < row_bytes() / 4; ++word) {
        std::memcpy(row + word * 4, block + (word * rabitq_block + lane) * 4, 4);
    }
}

void RaBitQRows::unpack(const uint8_t* blocks, size_t count, std::vector<uint8_t>& rows) const {
    const size_t end = rows.size();
    rows.resize(end + count * row_bytes());
    for (size_t place = 0; place < count; ++place) {
        unpack(blocks, place, rows.data() + end + place * row_bytes());
    }
}

// MARK: Faiss's rows

namespace {

/// Where Faiss's row has what, in bytes.
struct FaissRow {
    explicit FaissRow(const RaBitQLayout& layout)
            : numbers((layout.dimension + 7) / 8),
              others(numbers + (layout.bits == 1 ? 2 : 3) * sizeof(float)),
              more_numbers(others + (layout.dimension * (layout.bits - 1) + 7) / 8),
              size(layout.bits == 1 ? others : more_numbers + 2 * sizeof(float)) {}

    const size_t numbers, others, more_numbers, size;
};

} // namespace

size_t RaBitQRows::faiss_row_bytes() const {
    return FaissRow(layout).size;
}

void RaBitQRows::to_faiss(const uint8_t* row, const float* centroid, uint8_t* faiss_row) const {
    const FaissRow places(layout);
    const size_t d = layout.dimension, others = layout.bits - 1;
    std::memset(faiss_row, 0, places.size);
    for (size_t i = 0; i < d; ++i) {
        const size_t code = get(row, i);
        faiss_row[i / 8] |= static_cast<uint8_t>(code >> others << i % 8);
        for (size_t bit = 0; bit < others; ++bit) {
            const size_t place = i * others + bit;
            faiss_row[places.others + place / 8] |= static_cast<uint8_t>((code >> bit & 1) << place % 8);
        }
    }
    const float term = number(row + code_bytes), factor = number(row + code_bytes + sizeof(float));
    uint8_t* numbers = faiss_row + places.numbers;
    if (layout.bits == 1) {
        set_number(numbers, is_l2 ? term : 2 * term);
        set_number(numbers + 4, factor);
        return;
    }
    // By the signs alone Faiss only rules out, within an error that is in the row, too. The sum of magnitudes that it
    // would need is not known any more, but nearly the same for all vectors of this length.
    const auto root = static_cast<float>(std::sqrt(static_cast<double>(d)));
    const float length = is_l2 ? std::sqrt(term) : factor * std::sqrt(square_of_code(row) * usual_cosine[others]);
    const float error = 1.9f * std::sqrt(0.5708f / std::max<float>(static_cast<float>(d) - 1, 1)) + 2 / root;
    const auto& kernels = *faiss_distance_kernels(kernel_level());
    set_number(numbers, is_l2 ? term : 2 * term - kernels.inner_product(centroid, centroid, d));
    set_number(numbers + 4, length / 0.7979f);
    set_number(numbers + 8, (is_l2 ? 2 : 1) * length * error);
    set_number(faiss_row + places.more_numbers, is_l2 ? term : -term);
    set_number(faiss_row + places.more_numbers + 4, is_l2 ? -2 * factor : factor);
}

void RaBitQRows::from_faiss(const uint8_t* faiss_row, uint8_t* row) const {
    const FaissRow places(layout);
    const size_t d = layout.dimension, others = layout.bits - 1;
    std::memset(row, 0, code_bytes);
    for (size_t i = 0; i < d; ++i) {
        size_t code = static_cast<size_t>(faiss_row[i / 8] >> i % 8 & 1) << others;
        for (size_t bit = 0; bit < others; ++bit) {
            const size_t place = i * others + bit;
            code |= static_cast<size_t>(faiss_row[places.others + place / 8] >> place % 8 & 1) << bit;
        }
        set(row, i, static_cast<uint8_t>(code));
    }
    float term, factor;
    if (layout.bits == 1) {
        term = number(faiss_row + places.numbers) / (is_l2 ? 1 : 2);
        factor = number(faiss_row + places.numbers + 4);
    } else {
        term = number(faiss_row + places.more_numbers) * (is_l2 ? 1 : -1);
        factor = number(faiss_row + places.more_numbers + 4) / (is_l2 ? -2 : 1);
    }
    set_number(row + code_bytes, term);
    set_number(row + code_bytes + sizeof(float), factor);
}

void RaBitQRows::write_quantizer(IndexOutput& output) const {
    if (output.is_for_faiss) {
        output.number(static_cast<uint64_t>(layout.dimension));
        output.number(static_cast<uint64_t>(faiss_row_bytes()));
        output.number(static_cast<int32_t>(is_l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT));
    }
    if (!output.is_for_faiss || layout.bits > 1) {
        output.number(static_cast<uint64_t>(layout.bits));
    }
}

std::vector<uint8_t> RaBitQRows::written(
        const IndexOutput& output,
        const uint8_t* blocks,
        size_t count,
        const float* centroid) const {
    std::vector<uint8_t> own;
    unpack(blocks, count, own);
    if (!output.is_for_faiss) {
        return own;
    }
    std::vector<uint8_t> others(count * faiss_row_bytes());
    for (size_t i = 0; i < count; ++i) {
        to_faiss(own.data() + i * row_bytes(), centroid, others.data() + i * faiss_row_bytes());
    }
    return others;
}

void RaBitQRows::pack_read(bool are_faiss, const uint8_t* read, size_t count, uint8_t* blocks) const {
    std::vector<uint8_t> row(row_bytes());
    for (size_t i = 0; i < count; ++i) {
        if (are_faiss) {
            from_faiss(read + i * faiss_row_bytes(), row.data());
            pack(row.data(), blocks, i);
        } else {
            pack(read + i * row_bytes(), blocks, i);
        }
    }
}

// MARK: Searching

RaBitQScan::RaBitQScan(const RaBitQLayout& layout, ScanMetric metric, bool are_bounds)
        : kernels(rabitq_kernels(kernel_level())), layout(layout), metric(metric), are_bounds(are_bounds) {}

void RaBitQScan::clear() {
    queries.clear();
    collectors.clear();
}

float RaBitQScan::lacking(const float* centroid) const {
    return ::lacking(layout, metric == ScanMetric::squaredL2, centroid);
}

void RaBitQScan::add(const float* x, const float* centroid, float product, Collector* collector) {
    const size_t size = layout.query_bytes(), place = queries.size() * size;
    if (values.size() < place + size) {
        values.resize(place + size);
    }
    const RoundedVector rounded = kernels.round(x, centroid, layout.dimension, values.data() + place, size);
    const bool is_l2 = metric == ScanMetric::squaredL2;
    const float share = is_l2 ? -2 : -1;
    RaBitQQuery query{};
    query.sum = ((1 << layout.bits) - 1) * rounded.sum;
    query.step = share * unit_of(layout) * rounded.step / 2;
    query.base = is_l2 ? rounded.square : -product;
    if (are_bounds) {
        // A component's code is off by up to a half, on the average by the root of a twelfth, and where it is cut off by
        // more. Of the 2.5 deviations that a product may be too large by, the vector's is in its factor.
        const auto d = static_cast<float>(layout.dimension);
        query.shift = share * unit_of(layout) * 2.5f * 0.32f * std::sqrt(rounded.square * d / std::max(d - 1, 1.0f));
    }
    queries.push_back(query);
    collectors.push_back(collector);
}

void RaBitQScan::scan(const uint8_t* blocks, const idx_t* ids, size_t count) {
    constexpr size_t together = 8;
    alignas(64) float distances[together][scan_run];
    for (size_t query = 0; query < queries.size(); ++query) {
        queries[query].values = values.data() + query * layout.query_bytes();
    }
    for (size_t first = 0; first < count; first += scan_run) {
        const uint8_t* run = blocks + first / rabitq_block * layout.block_bytes();
        const ScanRun where{
                std::min(scan_run, count - first), ids ? ids + first : nullptr, static_cast<idx_t>(first)};
        for (size_t query = 0; query < queries.size(); query += together) {
            const size_t some = std::min(together, queries.size() - query);
            kernels.distances(
                    layout, run, layout.blocks(where.count), queries.data() + query, some, distances[0], scan_run);
            for (size_t i = 0; i < some; ++i) {
                collectors[query + i]->offer(distances[i], where);
            }
        }
    }
}

// MARK: One block behind the other

namespace {

class RaBitQKind : public ScannedKind<float> {
  public:
    explicit RaBitQKind(RaBitQIndex& index)
            : ScannedKind(metric_of(index), index.d), index(index), rows(index.layout, index.metric_type) {}

    void train(idx_t n, const float* x, Training&) override {
        std::vector<double> sums(index.d);
        for (idx_t i = 0; i < n * index.d; ++i) {
            sums[i % index.d] += x[i];
        }
        for (int i = 0; i < index.d; ++i) {
            index.center[i] = static_cast<float>(sums[i] / static_cast<double>(n));
        }
        index.is_trained = true;
    }

    void reserve(idx_t n) override {
        reserve_on_large_pages(index.blocks, bytes_of(index.ntotal + n));
    }

    void add(idx_t n, const float* x, const idx_t*, int threads) override {
        std::vector<uint8_t> made(n * rows.row_bytes());
        in_slices(n, threads, [&](idx_t first, idx_t count) {
            for (idx_t i = first; i < first + count; ++i) {
                rows.encode(x + i * index.d, index.center.data(), made.data() + i * rows.row_bytes());
            }
        });
        put(n, made.data());
    }

    size_t remove(size_t n, const idx_t* labels) override {
        const AscendingSelector selector(labels, n);
        const size_t before = index.ntotal;
        const size_t kept = rows.close_gaps(
                index.blocks.data(), before, [&](size_t place) { return selector.is_member(place); });
        index.blocks.resize(bytes_of(kept));
        index.ntotal = kept;
        return before - kept;
    }

    bool has_bounds() const override {
        return RaBitQScan::has_bounds(index.layout);
    }

    void reconstruct(size_t n, const idx_t* labels, float* x) const override {
        std::vector<uint8_t> row(rows.row_bytes());
        for (size_t i = 0; i < n; ++i) {
            check_position(labels[i], index.ntotal);
            rows.unpack(index.blocks.data(), labels[i], row.data());
            rows.decode(row.data(), index.center.data(), x + i * index.d);
        }
    }

    void describe(FaissIndexShape& shape) const override {
        shape.kind = FAISS_KIND_RABITQ;
        shape.nbits = index.layout.bits;
        shape.bytes = index.blocks.size() + index.center.size() * sizeof(float);
    }

    bool write_to(IndexOutput& output) const override {
        output.header(!output.is_for_faiss ? "SwRx" : index.layout.bits == 1 ? "Ixrq" : "Ixrr", index);
        rows.write_quantizer(output);
        const auto written = rows.written(output, index.blocks.data(), index.ntotal, index.center.data());
        output.elements(written.data(), written.size());
        output.elements(index.center.data(), index.center.size());
        if (output.is_for_faiss) {
            output.number(rabitq_query_bits);
        }
        return true;
    }

    void take_training(FaissContents& contents) const override {
        contents.decide("the centre of the vectors", index.center.data(), index.center.size());
    }

    void take_vectors(FaissContents& contents) const override {
        rows.unpack(index.blocks.data(), index.ntotal, contents.codes);
    }

    void append(const FaissContents& contents, idx_t, size_t n) override {
        FAISS_THROW_IF_NOT(contents.codes.size() == n * rows.row_bytes());
        put(n, contents.codes.data());
    }

  protected:
    void scan(const Queries<float>& queries, Collector* const* collectors) const override {
        const size_t d = index.d;
        const auto& kernels = *faiss_distance_kernels(kernel_level());
        RaBitQScan scan(index.layout, metric, queries.options.are_bounds != 0);
        const float lacking = scan.lacking(index.center.data());
        for (idx_t query = 0; query < queries.count; ++query) {
            const float* x = queries.x + query * d;
            const bool is_l2 = metric == ScanMetric::squaredL2;
            const float product = is_l2 ? 0 : kernels.inner_product(x, index.center.data(), d);
            scan.add(x, index.center.data(), product - lacking, collectors[query]);
        }
        scan.scan(index.blocks.data(), nullptr, index.ntotal);
    }

  private:
    size_t bytes_of(size_t count) const {
        return RaBitQLayout::blocks(count) * index.layout.block_bytes();
    }

    void put(size_t n, const uint8_t* made) {
        const size_t first = index.ntotal;
        index.blocks.resize(bytes_of(first + n));
        for (size_t i = 0; i < n; ++i) {
            rows.pack(made + i * rows.row_bytes(), index.blocks.data(), first + i);
        }
        index.ntotal += n;
    }

    RaBitQIndex& index;
    const RaBitQRows rows;
};

class FastRotationKind : public Transform {
  public:
    explicit FastRotationKind(FastRotation& native) : native(native) {}

    void train(idx_t, const float*, const faiss::ProductQuantizer*, bool, Training& training) override {
        training.report();
    }

    std::vector<float> apply(idx_t n, const float* x, int threads) const override {
        std::vector<float> turned(n * native.d_in);
        in_slices(n, threads, [&](idx_t first, idx_t count) {
            native.apply_noalloc(count, x + first * native.d_in, turned.data() + first * native.d_in);
        });
        return turned;
    }

    std::vector<float> reverse(size_t n, const float* y) const override {
        std::vector<float> x(n * native.d_in);
        native.reverse_transform(n, y, x.data());
        return x;
    }

    bool keeps_distances() const override {
        return true;
    }

    size_t bytes() const override {
        return native.signs.size() * sizeof(float);
    }

    void describe(FaissTransform& description) const override {
        description.kind = FAISS_TRANSFORM_FAST_ROTATION;
        description.d_in = description.d_out = native.d_in;
    }

    void write_to(IndexOutput& output) const override {
        if (!output.is_for_faiss) {
            output.name("SwRo");
            output.number(static_cast<int32_t>(native.d_in));
            return;
        }
        faiss::RandomRotationMatrix matrix(native.d_in, native.d_in);
        matrix.A = native.matrix();
        matrix.is_trained = matrix.is_orthonormal = true;
        output.by_libfaiss(matrix);
    }

  private:
    FastRotation& native;
};

} // namespace

FloatKind make_kind(RaBitQIndex& index) {
    return std::make_unique<RaBitQKind>(index);
}

std::unique_ptr<Transform> make_transform(FastRotation& rotation) {
    return std::make_unique<FastRotationKind>(rotation);
}
