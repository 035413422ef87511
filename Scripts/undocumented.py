"""Lists the public symbols without documentation, and fails if there are any: undocumented.py FOLDER_OF_SYMBOL_GRAPHS"""

import json
import sys
from pathlib import Path

missing = []
for graph in Path(sys.argv[1]).glob("*.symbols.json"):
    for symbol in json.loads(graph.read_text())["symbols"]:
        # Without a place in the sources the compiler made it.
        if symbol.get("docComment") or "location" not in symbol:
            continue
        place = symbol["location"]
        file = place["uri"].removeprefix("file://")
        missing.append(f"{file}:{place['position']['line'] + 1}: {'.'.join(symbol['pathComponents'])} has no documentation")
print(*sorted(missing), sep="\n", end="\n" if missing else "", file=sys.stderr)
sys.exit(1 if missing else 0)
