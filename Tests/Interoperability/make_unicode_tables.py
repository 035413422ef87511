"""Makes Sources/SentenceEmbeddingsC/unicode_tables.c: what the PyPI package `tokenizers` takes each scalar for.

    make_unicode_tables.py > Sources/SentenceEmbeddingsC/unicode_tables.c

The library mixes tables of several Unicode versions: about 8 for BERT's punctuation and marks, about 11 for
normalisation, 16 and 17 elsewhere. So each property is found by asking the library about every scalar. Needs
tokenizers==0.23.3 and a Python with Unicode 14 or later (3.11), for combining classes. Takes two minutes.
"""

import unicodedata

from charsmap import charsmap
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [scalar for scalar in range(0x110000) if not 0xD800 <= scalar < 0xE000]
# No scalar is assigned here, so that nothing combines with it.
UNASSIGNED = "\u0378"


def mapping(normalizer):
    """The scalars that a normalizer changes, with what they become."""
    pairs = ((scalar, normalizer.normalize_str(chr(scalar))) for scalar in SCALARS)
    return {scalar: text for scalar, text in pairs if text != chr(scalar)}


def bert(**options):
    nothing = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**nothing, **options})


def where(condition, scalars=SCALARS):
    return {scalar for scalar in scalars if condition(chr(scalar))}


def pieces(pre_tokenizer, before="a", after="b"):
    return lambda text: len(pre_tokenizer.pre_tokenize_str(before + text + after))


def matching(pattern):
    count = pieces(pre_tokenizers.Split(Regex(pattern), "isolated"), UNASSIGNED, UNASSIGNED)
    return where(lambda text: count(text) == 3)


def before_accent(scalars):
    """The scalars with which an accent forms no grapheme, among some of the basic plane."""
    outside = set()
    for start in range(0, len(scalars), 1500):
        part = scalars[start:start + 1500]
        normalizer = normalizers.Precompiled(charsmap({chr(scalar): "x" for scalar in part}))
        outside |= where(lambda text: normalizer.normalize_str(text + "\u0301") != "x", part)
    return outside


white = where(lambda text: pieces(pre_tokenizers.WhitespaceSplit())(text) == 2)
clean, cjk = bert(clean_text=True), bert(handle_chinese_chars=True)
without_accents, strip_accents = bert(strip_accents=True), normalizers.StripAccents()
punctuation = where(lambda text: pieces(pre_tokenizers.Punctuation())(text) == 3)
lower = mapping(normalizers.Lowercase())
nfd, nfkd = mapping(normalizers.NFD()), mapping(normalizers.NFKD())
nfc, nfkc = mapping(normalizers.NFC()), mapping(normalizers.NFKC())
letter_a, sign, ka = (normalizers.Precompiled(charsmap({key: "x"})) for key in ("a", "\u00a9", "\u0915"))
extends = where(lambda text: letter_a.normalize_str("a" + text) == "x")


def joins_ka(before, after=""):
    """The scalars behind or between which the letter ka belongs to the grapheme that starts before them."""
    return where(lambda text: ka.normalize_str(before + text + after + "\u0915\u0301").endswith("\u0301"))



# What the library says twice is kept once; that it still says the same is checked here.
assert white == matching(r"\s") == where(lambda text: normalizers.Strip().normalize_str(text) == "")
assert white == where(lambda text: pieces(pre_tokenizers.BertPreTokenizer())(text) == 2)
assert white == where(lambda text: pieces(pre_tokenizers.Whitespace())(text) == 2)
assert punctuation == where(lambda text: pieces(pre_tokenizers.BertPreTokenizer())(text) == 3)
assert lower == mapping(bert(lowercase=True))
removed = where(lambda text: clean.normalize_str("a" + text + "b") == "ab")
assert white - removed == where(lambda text: clean.normalize_str("a" + text + "b") == "a b")
assert [scalar for scalar, text in lower.items() if len(text) > 1] == [0x130] and lower[0x130] == "i\u0307"

# Combining classes never change; the library doesn't know those of later scalars.
D, reorders = normalizers.NFD(), {}
for scalar in SCALARS:
    number = unicodedata.combining(chr(scalar))
    other = "\u0301" if number == 1 else "\u0334"
    before, after = ("a" + other, chr(scalar)) if number == 1 else ("a" + chr(scalar), other)
    if scalar not in nfd and number and D.normalize_str(before + after) != before + after:
        reorders[scalar] = number
for scalar in nfd:
    if unicodedata.combining(chr(scalar)):
        reorders[scalar] = unicodedata.combining(chr(scalar))

HANGUL = range(0xAC00, 0xAC00 + 11172)
composites = {scalar for scalar in nfd if scalar not in nfc and scalar not in HANGUL}
# The vowels and final consonants of Hangul compose with what is before them, too.
composing = {ord(nfd[scalar][-1]) for scalar in composites} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
for scalar in composites:
    text = nfd[scalar]
    pair = normalizers.NFC().normalize_str(text[:-1]) + text[-1]
    assert len(pair) == 2 and normalizers.NFC().normalize_str(pair) == chr(scalar)

FLAGS = [
    ("white_space", white),
    ("removed", removed),
    ("spaced", where(lambda text: cjk.normalize_str("a" + text + "b") == "a " + text + " b")),
    ("nonspacing_mark", where(lambda text: without_accents.normalize_str("a" + text) == "a")),
    ("mark", where(lambda text: strip_accents.normalize_str("a" + text) == "a")),
    ("punctuation", punctuation),
    ("numeric", where(lambda text: pieces(pre_tokenizers.Digits(individual_digits=True))(text) == 3)),
    ("word", where(lambda text: pieces(pre_tokenizers.Whitespace())(text) == 1)),
    ("letter", matching(r"\p{L}")),
    ("number", matching(r"\p{N}")),
    ("has_lowercase", set(lower)),
    ("decomposes", set(nfd) | set(reorders)),
    ("decomposes_compatibly", set(nfkd) | set(reorders)),
    ("composes", set(nfc) | set(reorders) | composing),
    ("composes_compatibly", set(nfkc) | set(reorders) | composing),
    ("extends_grapheme", extends),
    ("starts_grapheme", where(lambda text: letter_a.normalize_str(text + "a\u0301").endswith("\u0301"))),
    ("ends_grapheme", before_accent(range(1, 0xD800)) | before_accent(range(0xE000, 0x10000)) | {0}),
    ("joins_grapheme", where(lambda text: sign.normalize_str("\u00a9\u200d" + text) == "x\u200d" + text) | {0xA9}),
    ("consonant", joins_ka("", "\u094d")),
    ("extends_conjunct", joins_ka("\u0915", "\u094d") & extends),
    ("links_conjunct", joins_ka("\u0915") & extends),
]

print("""// Made by Tests/Interoperability/make_unicode_tables.py from tokenizers 0.23.3. Not for editing.

#include "unicode_tables.h"
""")

words = {scalar: reorders.get(scalar, 0) << 24 for scalar in SCALARS}
for bit, (_, scalars) in enumerate(FLAGS):
    for scalar in scalars:
        words[scalar] |= 1 << bit
runs, last = [], None
for scalar in SCALARS:
    if words[scalar] != last:
        last = words[scalar]
        runs.append((scalar, last))


def table(kind, name, rows):
    print(f"static const {kind} {name}_table[] = {{")
    line = "   "
    for row in rows:
        if len(line) + len(row) > 118:
            print(line)
            line = "   "
        line += f" {row},"
    print(f"{line}\n}};\n")
    print(f"const {kind} *{name}(int32_t *count) {{")
    print(f"    *count = sizeof({name}_table) / sizeof({name}_table[0]);")
    print(f"    return {name}_table;\n}}\n")


table("unicode_run", "unicode_runs", [f"{{{start:#x}, {word:#x}}}" for start, word in runs])

# Lower case as runs of equal distances, a step apart.
distances, runs = [(scalar, ord(text) - scalar) for scalar, text in sorted(lower.items()) if len(text) == 1], []
for scalar, distance in distances:
    if runs and runs[-1][3] == distance and (scalar - runs[-1][1] == runs[-1][2] or runs[-1][2] == 0) \
            and scalar - runs[-1][1] <= 2:
        runs[-1] = (runs[-1][0], scalar, scalar - runs[-1][1], distance)
    else:
        runs.append((scalar, scalar, 0, distance))
table("unicode_case_run", "unicode_case_runs", ["{%#x, %#x, %d, %d}" % (a, b, max(c, 1), d) for a, b, c, d in runs])

rows = []
for scalar in sorted(set(nfd) | set(nfkd)):
    if scalar in HANGUL:
        continue
    for compatible, text in ((0, nfd.get(scalar)), (1, nfkd.get(scalar))):
        if text and not (compatible and text == nfd.get(scalar)):
            head = scalar | len(text) << 21 | (not compatible and scalar in composites) << 30 | compatible << 31
            rows.append(", ".join([f"{head:#x}"] + [f"{ord(character):#x}" for character in text]))
table("uint32_t", "unicode_decompositions", rows)
