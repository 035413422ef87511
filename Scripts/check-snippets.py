"""Checks that the Swift code in documents is code that is built.

    check-snippets.py     every ```swift block of README.md and of the DocC catalogs stands in a Swift file of Examples
                          or Tests, line for line; only the indentation may differ

A block that can't be built here, such as a line of somebody's manifest, has `<!-- not built: why -->` on the line before
it. Prints a line for each block that is found nowhere, with the place that is nearest to it, and exits 1 then.
"""

import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXEMPT = re.compile(r"<!-- not built: .+ -->")


def documents():
    yield ROOT / "README.md"
    yield from sorted((ROOT / "Sources").glob("*/*.docc/**/*.md"))


def sources():
    for folder in ("Examples", "Tests"):
        for path in sorted((ROOT / folder).rglob("*.swift")):
            if ".build" not in path.parts:
                yield path, [line.rstrip() for line in path.read_text(encoding="utf8").splitlines()]


def blocks(path):
    """The number of each block's first line, and its lines without their common indentation."""
    lines = path.read_text(encoding="utf8").splitlines()
    number = 0
    while number < len(lines):
        if lines[number].strip() != "```swift":
            number += 1
            continue
        exempt = number > 0 and EXEMPT.fullmatch(lines[number - 1].strip())
        end = next((n for n in range(number + 1, len(lines)) if lines[n].strip() == "```"), len(lines))
        code = textwrap.dedent("\n".join(lines[number + 1:end])).splitlines()
        if not exempt:
            yield number + 1, [line.rstrip() for line in code]
        number = end + 1


def matching(code, lines, start):
    """How many lines of code stand in a file from a line on, all indented by as much as the first."""
    indentation = lines[start][:len(lines[start]) - len(lines[start].lstrip())]
    for count, line in enumerate(code):
        if start + count == len(lines) or lines[start + count] != (indentation + line if line else ""):
            return count
    return len(code)


def main():
    files = list(sources())
    checked, missing = 0, 0
    for document in documents():
        for number, code in blocks(document):
            checked += 1
            best = (0, "nowhere in Examples or Tests")
            for path, lines in files:
                for start, line in enumerate(lines):
                    if code and line.lstrip() == code[0]:
                        count = matching(code, lines, start)
                        best = max(best, (count, f"{path.relative_to(ROOT)}:{start + 1} has the first {count} lines"))
            if best[0] < len(code) or not code:
                missing += 1
                place = document.relative_to(ROOT)
                print(f"{place}:{number + 1}: code that is not built, '{code[0] if code else ''}': {best[1]}",
                      file=sys.stderr)
    print(f"{checked} pieces of code in documents, {checked - missing} of them built")
    sys.exit(1 if missing else 0)


main()
