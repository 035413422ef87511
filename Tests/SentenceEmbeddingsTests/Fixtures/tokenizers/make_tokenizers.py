"""Makes the tokenizers beside this file, and texts.json: odd texts with the ids that `tokenizers` gives.

    make_tokenizers.py [FOLDER]     trains on the translations (.mo) below the folder, /usr/share by default

Needs tokenizers==0.23.3. Training varies between runs, so what it makes is committed, and tests read only that.
"""

import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "Interoperability"))

from check_tokenizers import mixtures, translations
from tokenizer_kinds import kinds, nfkc_charsmap
from tokenizers import Tokenizer

PIECES = {"roberta": 500, "modern-bert": 500, "llama-3": 500, "llama-2": 700}

ODD = [
    "", " ", "   ", "\t\n\r ", "a\tb\nc\rd", "a\0b", "\0", "a\x0bb\x0cc\x85d", "a\xa0b\u2003c\u3000d", "a\xadb\u200bc\u200dd",
    "a\ufeffb\ufffdc\ue000d", "Caf\u00e9 cafe\u0301 CAF\u00c9", "\u0130stanbul I\u0307 \u0131", "Stra\u00dfe STRASSE \u1e9e",
    "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3", "\u5317\u4eacabc\u4e0a\u6d77",
    "\u5168\u89d2\uff21\uff22\uff23\uff11\uff12\uff13", "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab", "\u304b\u3099 \u304c",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u0645\u0631\u062d\u0628\u0627 \u0660\u0661",
    "q\u0307\u0323 q\u0323\u0307", "a\u034f\u0301\u0316", "x\u00b2 + y\u00b3 = z\u2074", "\u00bd \u2153 \u2460 \u2168 \ufb01 \ufb05",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f1e9\U0001f1ea\U0001f1eb", "\u00a9\u200d\u2122\u0301",
    "\u0600a\u0301 \u0600\r", "I'm you're THEY'LL it's 'S '\u017f don't", "1234567 3.14 1,000,000", "a  b   c    d", "x \n\n y\r\n\r\nz \n",
    "def f(x):\n        return x\n", "[MASK] a[MASK]b [mask] [CLS][SEP] <mask> <s>x</s> <|endoftext|>", "  [MASK]  <mask>  x",
    "##ing a##b \u2581x \u2581\u2581 x\u2581", "<0x41> <unk> [UNK]", "``quoted'' \u201cquoted\u201d \u2018s", "\u166d \u061d \u1734a \u08ca",
    "\u0378 \U000e0041 \U0010fffd \uffff", "a" * 100, "a" * 101, "\u00e9" * 101, "e\u0301" * 60, "ab" * 300, " " * 30 + "x" + " " * 30,
    "\u0301\u0301 \u0301a", "\r\n\n\r a\r\n", "http://example.org/a?b=c&d=%20e", "\u212b \u00c5 A\u030a \u1e69 s\u0323\u0307 \uf900",
]


def main():
    lines = translations(sys.argv[1] if len(sys.argv) > 1 else "/usr/share")
    texts = ODD + list(mixtures(150, ["[MASK]", "<mask>", "</s>"])) + [line for line in lines if len(line) < 80][:60]
    # Signs and letters of Europe, ligatures, full-width forms; also what the Greek extension decomposes into.
    scalars = [*range(0x1, 0x250), *range(0x2000, 0x2190), *range(0x2460, 0x2470), *range(0xFB00, 0xFB07),
               *range(0xFF01, 0xFF5F), *range(0x300, 0x303)]
    # Every letter is a piece, so that few alphabets fit: Latin, Greek, Cyrillic.
    learned = random.Random(3).sample([line for line in lines if max(line) < "\u0460"], 3000)
    result = {"texts": texts, "limits": [5, 8, 13], "ids": {}, "pairs": {}}
    for name, train in kinds(nfkc_charsmap(scalars)).items():
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        train(learned, PIECES.get(name, 900)).save(str(folder / "tokenizer.json"), pretty=False)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        result["ids"][name] = [tokenizer.encode(text).ids for text in texts]
        pairs = []
        for limit in result["limits"]:
            tokenizer.enable_truncation(limit)
            encodings = [tokenizer.encode(*pair) for pair in zip(texts[-40::2], texts[-39::2])]
            pairs.append([[encoding.ids, encoding.type_ids] for encoding in encodings])
        result["pairs"][name] = pairs
    (HERE / "texts.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
