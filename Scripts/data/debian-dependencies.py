"""Reads what `apt-cache dumpavail` prints, and writes a line a package: name, source, what it depends on."""

import re
import sys


def fields(paragraph):
    return dict(re.findall(r"^(Package|Source|Depends|Filename): (.*)$", paragraph, re.MULTILINE))


def main():
    packages = {}
    for paragraph in sys.stdin.read().split("\n\n"):
        field = fields(paragraph)
        if "Depends" not in field or not field.get("Filename", "").startswith("pool/main/"):
            continue
        # "libc6 (>= 2.34), debconf (>= 0.5) | debconf-2.0": without versions, and the first of alternatives.
        names = [re.split(r"[ |(:\[]", part.strip())[0] for part in field["Depends"].split(",")]
        source = field.get("Source", field["Package"]).split(" ")[0]
        packages[field["Package"]] = (source, list(dict.fromkeys(filter(None, names))))
    for name, (source, names) in sorted(packages.items()):
        print(name, source, " ".join(names), sep="\t")


main()
