"""Holds `vectors train`, `similar`, `evaluate`, `phrases` and `convert` against gensim, both ways.

    check_gensim.py VECTORS     VECTORS is the command line's release build

Trains both on a small made-up text, reads each one's files with the other, and compares neighbours, similarity,
word-pair correlation and analogies. Prints a line for each failure and a count at the end; exits 1 if anything failed.
"""

import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phrases

DIMENSION, EPOCHS, LEARNING_RATE = 24, 20, 0.05
# gensim's and our sums run in another order, so that cosines agree to rounding.
TOLERANCE = 1e-5
SECONDS = 120

LANDS = [
    ("frankreich", "paris"), ("italien", "rom"), ("españa", "madrid"), ("österreich", "wien"), ("日本", "東京"),
    ("россия", "москва"), ("polska", "warszawa"), ("sverige", "stockholm"), ("ελλάδα", "αθήνα"), ("türkiye", "ankara"),
]
# The same letter in two spellings: one word to a careless reader, two to gensim.
TWINS = ["caf\u00e9", "cafe\u0301"]
# Lands and capitals, twins, and the words that write_text makes up: 5 of each role, 6 of each topic.
WORDS = 2 * len(LANDS) + len(TWINS) + 2 * 5 + 6 * len(LANDS)


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, holds, otherwise=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}: {otherwise}")


class CommandLine:
    def __init__(self, executable):
        self.executable = os.path.abspath(executable)

    def run(self, *arguments):
        return subprocess.run(
            [self.executable, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS, encoding="utf8"
        )

    def json(self, *arguments):
        """The figures on the last line of standard output."""
        result = self.run(*arguments, "--json")
        if result.returncode != 0:
            raise RuntimeError(f"vectors {' '.join(map(str, arguments))}: {result.stderr.strip()}")
        return json.loads(result.stdout.splitlines()[-1])


def write_text(path):
    """Lands with their capitals, each with words of its own, in random order: something to find, and quick to train."""
    draw = random.Random(1)
    lines = []
    for _ in range(6000):
        number = draw.randrange(len(LANDS))
        words = [*LANDS[number], draw.choice(TWINS)]
        words += [f"{role}{draw.randrange(5)}" for role in ("stadt", "land")]
        words += [f"thema{number}wort{draw.randrange(6)}" for _ in range(4)]
        draw.shuffle(words)
        lines.append(" ".join(words))
    path.write_text("\n".join(lines) + "\n", encoding="utf8")


def write_questions(folder):
    analogies = folder / "analogies.txt"
    with analogies.open("w", encoding="utf8") as file:
        print(": capitals", file=file)
        for land, capital in LANDS:
            for other, other_capital in LANDS:
                if land != other:
                    print(land, capital, other, other_capital, file=file)
        print(": neighbours and an unknown word", file=file)
        for number in range(5):
            print(f"thema{number}wort0 thema{number}wort1 thema{number + 1}wort0 thema{number + 1}wort1", file=file)
        print("frankreich paris atlantis poseidonis", file=file)
    pairs = folder / "pairs.txt"
    draw = random.Random(2)
    with pairs.open("w", encoding="utf8") as file:
        print("# first second score", file=file)
        for land, capital in LANDS:
            print(land, capital, draw.randrange(10), sep="\t", file=file)
            print(land, f"thema{draw.randrange(10)}wort1", draw.randrange(10), sep="\t", file=file)
        print("atlantis", "paris", 5, sep="\t", file=file)
    return analogies, pairs


def compare(checks, name, vectors, model, gensim, analogies, pairs):
    """Asks both the same questions of the same vectors."""
    for positive, negative in [
        (["paris"], []), (["東京"], []), ([TWINS[0]], []), ([TWINS[1]], []), (["thema3wort2", "rom"], []),
        (["rom", "frankreich"], ["italien"]), (["москва", "österreich"], ["россия"]),
    ]:
        arguments = ["similar", model, *positive, "-k", "5"] + (["--minus", *negative] if negative else [])
        ours = [(answer["word"], answer["similarity"]) for answer in vectors.json(*arguments)["words"]]
        theirs = gensim.most_similar(positive=positive, negative=negative, topn=5)
        checks.check(
            f"{name}: similar to {positive} without {negative}",
            [word for word, _ in ours] == [word for word, _ in theirs]
            and all(abs(a - b) < TOLERANCE for (_, a), (_, b) in zip(ours, theirs)),
            f"{ours} instead of {theirs}",
        )

    for positive, negative in [(["paris"], []), (["rom", "frankreich"], ["italien"]), (["東京", "rom"], ["paris", "wien"])]:
        arguments = ["similar", model, *positive, "--cos-mul"] + (["--minus", *negative] if negative else [])
        ours = [(answer["word"], answer["similarity"]) for answer in vectors.json(*arguments)["words"]]
        theirs = gensim.most_similar_cosmul(positive=positive, negative=negative, topn=10)
        checks.check(
            f"{name}: similar by products to {positive} without {negative}",
            [word for word, _ in ours] == [word for word, _ in theirs]
            and all(abs(a - b) < TOLERANCE * max(1, b) for (_, a), (_, b) in zip(ours, theirs)),
            f"{ours} instead of {theirs}",
        )

    ours = vectors.json("evaluate", model, "--pairs", pairs)
    pearson, spearman, unknown = gensim.evaluate_word_pairs(str(pairs), restrict_vocab=30_000)
    checks.check(
        f"{name}: word pairs",
        abs(ours["spearman"] - 100 * spearman[0]) < 0.01 and ours["pairs"] == 20 and ours["unknown"] == 1,
        f"{ours} instead of {100 * spearman[0]}, unknown {unknown} %",
    )

    ours = vectors.json("evaluate", model, "--analogies", analogies)
    score, sections = gensim.evaluate_word_analogies(str(analogies), restrict_vocab=30_000)
    questions = len(sections[-1]["correct"]) + len(sections[-1]["incorrect"])
    checks.check(
        f"{name}: analogies",
        abs(ours["analogies"] - 100 * score) < 0.01 and ours["questions"] == questions == 95,
        f"{ours} instead of {100 * score} of {questions}",
    )


def check_ours(checks, vectors, folder, text, analogies, pairs):
    """gensim reads what `vectors train` writes."""
    for architecture in ("skip-gram", "cbow"):
        for loss in ("negative-sampling", "hierarchical-softmax"):
            models = {}
            for ending in ("bin", "vec", "txt"):
                model = folder / f"{architecture}-{loss}.{ending}"
                figures = vectors.json(
                    "train", text, "--output", model, "--architecture", architecture, "--loss", loss,
                    "--dimension", DIMENSION, "--epochs", EPOCHS, "--learning-rate", LEARNING_RATE,
                    "--threads", 1, "--seed", 7,
                )
                read = KeyedVectors.load_word2vec_format(str(model), binary=ending == "bin")
                models[ending] = read
                checks.check(
                    f"{model.name}: shape",
                    (len(read), read.vector_size) == (WORDS, DIMENSION) and figures["vocabulary"] == WORDS,
                    f"{len(read)} × {read.vector_size}, {figures}",
                )
                checks.check(f"{model.name}: finite", bool(np.isfinite(read.vectors).all()))
            # One thread and one seed: the three runs gave the same vectors, and text keeps every bit.
            for ending in ("vec", "txt"):
                checks.check(
                    f"{architecture} {loss}: .{ending} is .bin",
                    models[ending].index_to_key == models["bin"].index_to_key
                    and np.array_equal(models[ending].vectors, models["bin"].vectors),
                )
            name = f"our {architecture} {loss}"
            compare(checks, name, vectors, folder / f"{architecture}-{loss}.bin", models["bin"], analogies, pairs)
            topic = models["bin"].most_similar("thema4wort2", topn=5)
            found = all(word.startswith("thema4") or word in LANDS[4] for word, _ in topic)
            checks.check(f"{name}: has learned", found, topic)

            # What gensim writes of it has the same bytes.
            copy = folder / "copy.bin"
            models["bin"].save_word2vec_format(str(copy), binary=True)
            ours = folder / f"{architecture}-{loss}.bin"
            checks.check(f"{name}: bytes as gensim writes them", copy.read_bytes() == ours.read_bytes())


def check_theirs(checks, vectors, folder, text, analogies, pairs):
    """`vectors` reads what gensim writes."""
    sentences = [line.split() for line in text.read_text(encoding="utf8").splitlines()]
    model = Word2Vec(
        sentences, vector_size=DIMENSION, epochs=EPOCHS, alpha=LEARNING_RATE, min_count=5, sg=1, workers=1, seed=1
    ).wv
    binary, plain, headless = folder / "gensim.bin", folder / "gensim.vec", folder / "gensim.txt"
    model.save_word2vec_format(str(binary), binary=True)
    model.save_word2vec_format(str(plain), binary=False)
    # Without the first line, as GloVe writes.
    model.save_word2vec_format(str(headless), binary=False, write_header=False)
    # Whose names make gensim compress.
    packed, packed_plain = folder / "gensim.bin.gz", folder / "gensim.vec.gz"
    model.save_word2vec_format(str(packed), binary=True)
    model.save_word2vec_format(str(packed_plain), binary=False)
    for path in (binary, plain, headless, packed, packed_plain):
        compare(checks, f"gensim's {path.name}", vectors, path, model, analogies, pairs)


def check_converted(checks, vectors, folder):
    """What `convert` writes of gensim's file is read by gensim, and by NumPy."""
    theirs = KeyedVectors.load_word2vec_format(str(folder / "gensim.bin"), binary=True)
    for ending in ("bin", "vec", "npy", "tsv"):
        output, words = folder / f"converted.{ending}", folder / "metadata.tsv"
        vectors.json("convert", folder / "gensim.vec.gz", "--output", output, "--restrict", 50,
                     *(["--metadata", words] if ending == "tsv" else []))
        if ending == "npy":
            ours = np.load(output)
        elif ending == "tsv":
            ours = np.loadtxt(output, delimiter="\t", dtype=np.float32)
            names = words.read_text(encoding="utf8").split("\n")[:-1]
            checks.check("convert: words", names == theirs.index_to_key[:50], names)
        else:
            ours = KeyedVectors.load_word2vec_format(str(output), binary=ending == "bin").vectors
        checks.check(f"convert to .{ending}", np.array_equal(ours, theirs.vectors[:50]))


def write_collocations(path):
    """Words that often stand together, some with connector words between them and some joined already."""
    draw = random.Random(4)
    fixed = ["neu york", "neu york stadt", "bank of amerika", "auge of the orkan", "são_paulo staat", "são paulo", "neu_york"]
    lines = []
    for _ in range(8000):
        words = [f"w{min(draw.randrange(300), draw.randrange(300))}" for _ in range(draw.randrange(12))]
        words += [draw.choice(["of", "the", "a"]) for _ in range(draw.randrange(3))]
        draw.shuffle(words)
        for _ in range(draw.randrange(3)):
            words.insert(draw.randrange(len(words) + 1), draw.choice(fixed))
        lines.append(" ".join(words))
    path.write_text("\n".join(lines) + "\n", encoding="utf8")


def check_phrases(checks, vectors, folder):
    """`vectors phrases` learns and joins what gensim does."""
    text, output, scores = folder / "collocations.txt", folder / "joined.txt", folder / "scores.tsv"
    write_collocations(text)
    sentences = [line.split() for line in text.read_text(encoding="utf8").splitlines()]
    for name, passes, theirs, ours in [
        ("default", 1, {}, []),
        ("npmi", 1, {"scoring": "npmi", "threshold": 0.4}, ["--scoring", "npmi", "--threshold", 0.4]),
        ("connectors", 1, {"connector_words": ENGLISH_CONNECTOR_WORDS}, ["--english-connectors"]),
        ("three words", 2, {"threshold": 3, "min_count": 20}, ["--threshold", 3, "--minimum-count", 20]),
        ("another delimiter", 2, {"delimiter": "+"}, ["--delimiter", "+"]),
        ("forgetting", 1, {"max_vocab_size": 15000, "threshold": 2}, ["--maximum-vocabulary", 15_000, "--threshold", 2]),
        ("forgetting all", 1, {"max_vocab_size": 1}, ["--maximum-vocabulary", 1]),
    ]:
        figures = vectors.json("phrases", text, "--output", output, "--scores", scores, "--passes", passes, *ours)
        stream = sentences
        for _ in range(passes):
            model, before = Phrases(stream, **theirs), stream
            stream = [model[sentence] for sentence in stream]
        expected = [" ".join(sentence) for sentence in stream if sentence]
        lines = output.read_text(encoding="utf8").splitlines()
        different = [pair for pair in zip(lines, expected) if pair[0] != pair[1]]
        checks.check(
            f"phrases, {name}: joined text", len(lines) == len(expected) and not different, different[:3]
        )
        checks.check(
            f"phrases, {name}: vocabulary", figures["vocabulary"] == len(model.vocab),
            f"{figures['vocabulary']} instead of {len(model.vocab)}",
        )
        found = model.find_phrases(before)
        fields = [line.split("\t") for line in scores.read_text(encoding="utf8").splitlines()]
        ours_found = {phrase: float(score) for phrase, score, _ in fields}
        checks.check(
            f"phrases, {name}: scores",
            ours_found.keys() == found.keys() and (len(found) > 0) == (name != "forgetting all")
            and all(abs(score - found[phrase]) <= 1e-12 * abs(score) for phrase, score in ours_found.items()),
            f"{len(ours_found)} phrases instead of {len(found)}",
        )


def check_article(checks):
    """Every method of gensim's classes stands in the article for those who know them."""
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    article = (root / "Sources/Word2Vec/Word2Vec.docc/ComingFromGensim.md").read_text(encoding="utf8")
    known = set(re.findall(r"\w+", " ".join(line.split("|")[1] for line in article.splitlines() if line[:1] == "|")))
    for kind in (KeyedVectors, Word2Vec, Phrases, FrozenPhrases):
        missing = [name for name in dir(kind) if not name.startswith("_") and name not in known]
        checks.check(f"the article has all of {kind.__name__}", not missing, missing)


def check_broken(checks, vectors, folder):
    """A broken file or a wrong word ends in one line, not in a crash."""
    whole = (folder / "gensim.bin").read_bytes()
    broken = {
        "empty": b"", "cut": whole[:-10], "longer": whole + b"more", "no heading": whole[10:],
        "garbage": random.Random(3).randbytes(10_000), "huge": b"1000000000000 100000\n" + whole,
    }
    for name, content in broken.items():
        path = folder / "broken.bin"
        path.write_bytes(content)
        result = vectors.run("similar", path, "paris")
        checks.check(
            f"broken, {name}",
            result.returncode == 1 and len(result.stderr.strip().splitlines()) == 1,
            f"exit {result.returncode}, {result.stderr}",
        )
    result = vectors.run("similar", folder / "gensim.bin", "atlantis")
    checks.check("an unknown word", result.returncode == 1 and "atlantis" in result.stderr, result.stderr)


def main():
    checks, vectors = Checks(), CommandLine(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        text = folder / "text.txt"
        write_text(text)
        analogies, pairs = write_questions(folder)
        check_ours(checks, vectors, folder, text, analogies, pairs)
        check_theirs(checks, vectors, folder, text, analogies, pairs)
        check_converted(checks, vectors, folder)
        check_phrases(checks, vectors, folder)
        check_broken(checks, vectors, folder)
    check_article(checks)
    print(f"gensim: {checks.passed} checks passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
