"""Turns the idx files of Fashion-MNIST into .npy: fashion.py FOLDER OUTPUT_FOLDER. Needs nothing but Python."""

import gzip
import math
import struct
import sys
from pathlib import Path

FILES = {
    "train-images-idx3-ubyte.gz": "images.npy",
    "train-labels-idx1-ubyte.gz": "labels.npy",
    "t10k-images-idx3-ubyte.gz": "test-images.npy",
    "t10k-labels-idx1-ubyte.gz": "test-labels.npy",
}


def convert(source: Path, target: Path) -> None:
    """A row an item, a byte a component."""
    data = gzip.decompress(source.read_bytes())
    zeros, kind, axes = struct.unpack(">HBB", data[:4])
    if (zeros, kind) != (0, 8):
        sys.exit(f"{source} is not an idx file of bytes")
    count, *rest = struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes])
    shape = f"({count}, {math.prod(rest)})"
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    # Magic, version and length take 10 bytes; the whole header a multiple of 64.
    header = header.ljust(-(len(header) + 11) % 64 + len(header)) + "\n"
    target.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data[4 + 4 * axes :])


folder, output = map(Path, sys.argv[1:])
for source, target in FILES.items():
    convert(folder / source, output / target)
