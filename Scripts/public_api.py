"""Compares a module's public declarations with those that a file lists, and fails where they differ:

    public_api.py FOLDER FILE            shows what was added and what is gone
    public_api.py FOLDER FILE --update   writes the file

FOLDER holds the module's symbol graphs.
"""

import difflib
import json
import sys
from pathlib import Path

folder, file, update = Path(sys.argv[1]), Path(sys.argv[2]), "--update" in sys.argv
declarations = set()
for graph in folder.glob("*.symbols.json"):
    for symbol in json.loads(graph.read_text())["symbols"]:
        # Members that a type has from a protocol are listed with the protocol.
        if "location" not in symbol or "::SYNTHESIZED::" in symbol["identifier"]["precise"]:
            continue
        text = "".join(fragment["spelling"] for fragment in symbol["declarationFragments"])
        declarations.add(" ".join(f"{'.'.join(symbol['pathComponents'])}: {text}".split()))
now = sorted(declarations)
if update:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(now) + "\n")
    sys.exit()
before = file.read_text().splitlines() if file.exists() else []
changes = [line for line in difflib.unified_diff(before, now, lineterm="", n=0) if line[0] in "+-"][2:]
print(*changes, sep="\n", end="\n" if changes else "", file=sys.stderr)
if changes:
    sys.exit(f"the public API is not what {file} lists: if that is meant, run `make api` and say so in CHANGELOG.md")
