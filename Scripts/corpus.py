#!/usr/bin/env python3
"""Turns unpacked Debian packages of English prose into one plain-text corpus. Standard library only.

    corpus.py packages                     the packages' names, one a line
    corpus.py build UNPACKED OUTPUT_FOLDER reads UNPACKED/<package>/ for each of them, writes corpus.txt, LICENSES.txt

Each line of corpus.txt is one paragraph: lower-case words of a-z with an apostrophe inside at most ("don't"), single
spaces between them. A line that occurred before is dropped, which takes most boilerplate with it.
"""

import gzip
import html
import html.parser
import os
import pathlib
import random
import re
import struct
import sys
import unicodedata
import zlib

# A package, how its text is read, where that text lies, its licence in a few words. Prose first: dictionaries and
# books; the order has no other meaning. LICENSES.txt carries each package's full copyright file besides.
PACKAGES = [
    ("dict-gcide", "dictionary", "usr/share/dictd/gcide.dict.dz", "GPL-2+"),
    ("wordnet-base", "wordnet", "usr/share/wordnet/data.*", "WordNet 3.0 licence (permissive)"),
    ("sword-text-web", "sword", "usr/share/sword/modules/texts/ztext/*/*.bzz", "public domain"),
    ("anarchism", "webpages", "usr/share/doc/anarchism/html/**/*.html", "GPL-2"),
    ("dict-foldoc", "dictionary", "usr/share/dictd/foldoc.dict.dz", "GFDL-1.1+"),
    ("dict-jargon", "dictionary", "usr/share/dictd/jargon.dict.dz", "public domain"),
    ("dict-devil", "paragraphs", "usr/share/dictd/devil.dict.dz", "public domain"),
    ("fortunes", "fortunes", "usr/share/games/fortunes/*", "BSD, collected quotations"),
    ("fortunes-min", "fortunes", "usr/share/games/fortunes/*", "BSD, collected quotations"),
]

# Fewer words than this means that a package changed its format or came back empty. Versions differ between Debian's
# releases by far less than the margin.
MINIMUM_WORDS = 8_000_000
MINIMUM_WORDS_OF_A_PACKAGE = 5_000

# Lines are shuffled so that any head of the file is a sample of the whole and the learning rate, which falls along
# the file, treats every source alike. The seed is fixed: the same packages give the same bytes.
SHUFFLE_SEED = 1

WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00e6": "ae", "\u0153": "oe"})


def main(arguments):
    if arguments == ["packages"]:
        print("\n".join(name for name, _, _, _ in PACKAGES))
    elif len(arguments) == 3 and arguments[0] == "build":
        try:
            build(pathlib.Path(arguments[1]), pathlib.Path(arguments[2]))
        except OSError as error:
            sys.exit(f"corpus.py: {error.filename or arguments[2]}: {error.strerror}")
    else:
        sys.exit("corpus.py: usage: corpus.py packages | corpus.py build UNPACKED OUTPUT_FOLDER")


def build(unpacked, output):
    lines, seen, figures = [], set(), []
    for name, reader, pattern, licence in PACKAGES:
        root = unpacked / name
        words = 0
        for path in sorted(root.glob(pattern)):
            for paragraph in READERS[reader](path):
                line = normalised(paragraph)
                # Two words have no context worth learning from.
                if line.count(" ") < 2 or line in seen:
                    continue
                seen.add(line)
                lines.append(line)
                words += line.count(" ") + 1
        if words < MINIMUM_WORDS_OF_A_PACKAGE:
            sys.exit(f"corpus.py: {name} gave {words} words, expected {MINIMUM_WORDS_OF_A_PACKAGE} or more "
                     f"from {root / pattern}")
        version = (root / "VERSION").read_text().strip()
        figures.append((name, version, words, licence))
    total = sum(words for _, _, words, _ in figures)
    if total < MINIMUM_WORDS:
        sys.exit(f"corpus.py: {total} words in all, expected {MINIMUM_WORDS} or more")
    random.Random(SHUFFLE_SEED).shuffle(lines)
    # The licences first: a corpus in place then always has them beside it.
    write(output / "LICENSES.txt", licences(unpacked, figures))
    write(output / "corpus.txt", "\n".join(lines) + "\n")
    print(f"corpus: {total:,} words in {len(lines):,} lines from {len(figures)} packages")


def normalised(paragraph):
    """Lower-case ASCII words of a paragraph, possessives cut ("king's" is "king"), single spaces between."""
    text = unicodedata.normalize("NFKD", paragraph.translate(APOSTROPHES))
    text = text.encode("ascii", "ignore").decode("ascii").lower()
    words = (word[:-2] if word.endswith("'s") else word for word in WORD.findall(text))
    return " ".join(words)


def write(path, text):
    """All of the file or none of it."""
    partial = path.with_name(path.name + ".partial")
    with open(partial, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def licences(unpacked, figures):
    text = ["corpus.txt was made from the Debian packages below by Scripts/corpus.sh. The words are the packages' own;",
            "each stays under its package's licence, whose full text follows the table.", ""]
    text += [f"{name:18}{version:22}{words:>10,} words   {licence}" for name, version, words, licence in figures]
    for name, version, _, _ in figures:
        copyright_file = unpacked / name / "usr/share/doc" / name / "copyright"
        if not copyright_file.exists():
            copyright_file = copyright_file.with_name("copyright.gz")
        text += ["", "=" * 100, f"{name} {version}: its debian/copyright", "=" * 100, "", contents(copyright_file)]
    return "\n".join(text) + "\n"


def contents(path):
    """A file's text, decompressed if its name says so (dictd's .dz is gzip)."""
    data = gzip.open(path).read() if path.suffix in (".gz", ".dz") else path.read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


# Readers: a path in, paragraphs out, markup gone.

def paragraphs(path):
    return re.split(r"\n\s*\n", contents(path))


PRONUNCIATION = re.compile(r"\\[^\\\n]{0,120}\\(?:\s*\([^()]{0,80}\))?")
INNERMOST_BRACKETS = re.compile(r"\[[^\[\]]*\]")
AUTHOR = re.compile(r"--\s?[A-Z(][^\n]*")
CATEGORY = re.compile(r"<[a-z][^<>\n]{0,80}>")
SENSE = re.compile(r"^\s*(?:\d+\.|\([a-z]\))\s+", re.MULTILINE)
GRAMMAR = re.compile(r"\b(?:n|a|v|adj|adv|prep|conj|interj|pron|pl|t|i|imp|p|pr|vb|obs|syn|fem|cf|usu|vi|vt|etc)\.",
                     re.IGNORECASE)


def dictionary(path):
    """A dictd dictionary: an entry starts at the margin, its body is indented. The headword leads each sense, so that
    a word always stands beside its definition."""
    text = contents(path)
    # Etymologies, sources and cross references, which may nest and run over lines.
    for _ in range(3):
        text = INNERMOST_BRACKETS.sub(" ", text)
    headword = ""
    for entry in re.split(r"\n(?=[^\s])", text):
        first_line = entry.split("\n", 1)[0]
        if first_line.startswith("00-database"):
            continue
        headword = re.split(r"[\\,;/]| +[a-z]+\.", first_line, maxsplit=1)[0]
        rest = entry[len(headword):]
        rest = CATEGORY.sub(" ", AUTHOR.sub(" ", GRAMMAR.sub(" ", PRONUNCIATION.sub(" ", rest))))
        rest = rest.replace("{", " ").replace("}", " ")
        for block in re.split(r"\n\s*\n", rest):
            for sense in SENSE.split(block):
                if sense.strip():
                    yield f"{headword} {sense}"


def wordnet(path):
    """WordNet's data files: a synonym set a line, words in the columns, the gloss behind a bar."""
    for line in contents(path).splitlines():
        if line.startswith("  ") or " | " not in line:
            continue
        columns, gloss = line.split(" | ", 1)
        fields = columns.split(" ")
        count = int(fields[3], 16)
        synonyms = " ".join(re.sub(r"\(.*\)", "", fields[4 + 2 * i]).replace("_", " ") for i in range(count))
        definition, *examples = re.split(r';\s*"', gloss)
        yield f"{synonyms} {definition}"
        yield from examples


def sword(path):
    """A SWORD zText module: an index of 12-byte entries (offset, compressed size, size) into zlib blocks of OSIS."""
    data = path.read_bytes()
    index = path.with_suffix(".bzs").read_bytes()
    for offset, size, _ in struct.iter_unpack("<III", index):
        if size == 0:
            continue
        text = zlib.decompress(data[offset:offset + size]).decode("utf-8")
        text = re.sub(r"<note\b.*?</note>|<title\b.*?</title>", " ", text, flags=re.DOTALL)
        for paragraph in re.split(r'<div [se]ID="[^"]*" type="x-p"/>|<lb\b[^>]*>|\n\s*\n', text):
            yield html.unescape(re.sub(r"<[^>]+>", " ", paragraph))


def fortunes(path):
    # .dat is an index, .u8 a link to the file itself; these two hold drawings and other languages.
    if path.suffix or path.name in ("ascii-art", "translate-me"):
        return
    for saying in re.split(r"^%\n", contents(path), flags=re.MULTILINE):
        yield re.sub(r"\n\s*--[^\n]*(\n[^\n]*)?\s*$", "\n", saying)


class Paragraphs(html.parser.HTMLParser):
    BLOCKS = {"p", "li", "dd", "dt", "td", "th", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "div"}
    SILENT = {"script", "style", "pre", "head", "nav"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self.current, self.depth_of_silence = [], [], 0

    def end_paragraph(self):
        self.found.append("".join(self.current))
        self.current = []

    def handle_starttag(self, tag, attributes):
        if tag in self.SILENT:
            self.depth_of_silence += 1
        if tag in self.BLOCKS:
            self.end_paragraph()

    def handle_endtag(self, tag):
        if tag in self.SILENT:
            self.depth_of_silence = max(0, self.depth_of_silence - 1)
        if tag in self.BLOCKS:
            self.end_paragraph()

    def handle_data(self, data):
        if self.depth_of_silence == 0:
            self.current.append(data)


def webpages(path):
    parser = Paragraphs()
    parser.feed(contents(path))
    parser.close()
    parser.end_paragraph()
    return parser.found


READERS = {
    "dictionary": dictionary,
    "fortunes": fortunes,
    "paragraphs": paragraphs,
    "sword": sword,
    "webpages": webpages,
    "wordnet": wordnet,
}

if __name__ == "__main__":
    main(sys.argv[1:])
