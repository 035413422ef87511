"""Lists the public symbols without documentation, and fails if there are any: undocumented.py FOLDER

FOLDER holds a module's symbol graphs.
"""

import json
import sys
from pathlib import Path

missing = []
for graph in Path(sys.argv[1]).glob("*.symbols.json"):
    for symbol in json.loads(graph.read_text())["symbols"]:
        # Without a place in the sources the compiler made it; what another package adds to our types is that package's.
        if symbol.get("docComment") or "/.build/checkouts/" in symbol.get("location", {"uri": "/.build/checkouts/"})["uri"]:
            continue
        file = symbol["location"]["uri"].removeprefix("file://")
        line = symbol["location"]["position"]["line"] + 1
        missing.append(f"{file}:{line}: {'.'.join(symbol['pathComponents'])} has no documentation")
print(*sorted(missing), sep="\n", end="\n" if missing else "", file=sys.stderr)
sys.exit(1 if missing else 0)
