#!/usr/bin/env python3
"""A store as it grows: import, bytes on disk, opening, searches and memory, from ten thousand rows to ten million, each in
memory of a share of what its vectors take. Rows are those of a file, moved by noise. Prints a Markdown table and draws a
plot. One process fills a store, another opens and searches it; cold searches begin with the system's cache of files
emptied, which takes root."""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import plot

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / ".build/benchmarks/release/measure-storage"

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("base", help="vectors to make the rows of")
parser.add_argument("queries")
parser.add_argument("--rows", default="10000,100000,1000000,10000000")
parser.add_argument("--dimension", type=int, default=128)
parser.add_argument("--share", type=float, default=0.12, help="memory, as a share of what the vectors take; from 2 MiB")
parser.add_argument("--folder", default="/var/tmp", help="where the stores go, one at a time")
parser.add_argument("--plot", help="an .svg to draw")
arguments = parser.parse_args()


def run(*values):
    done = subprocess.run([PROGRAM, *map(str, values)], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit("measure-storage failed")
    return json.loads(done.stdout.splitlines()[-1])


results = {}
for rows in map(int, arguments.rows.split(",")):
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        store = pathlib.Path(scratch) / "store"
        megabytes = max(2, int(rows * 4 * arguments.dimension * arguments.share) >> 20)
        results[rows] = (run("grow", arguments.base, arguments.queries, store, rows, megabytes)
                         | run("open", arguments.queries, store, megabytes))

print("| rows | import | import a row | index, after it | bytes a row on disk | opening and first answer | search "
      "(99 of 100) | cold | half of the rows pass | recall@10 | memory, of the vectors' |")
print("|---" * 11 + "|")
for rows, figures in results.items():
    print(f"| {rows:,} | {figures['import_seconds']:.3g} s | {figures['import_seconds'] / rows * 1e6:.1f} µs "
          f"| {figures['index_seconds']:.3g} s | {figures['bytes_on_disk'] / rows:.0f} "
          f"| {figures['open_seconds'] * 1e3:.0f} ms | {figures['warm_median'] * 1e3:.2f} ms ({figures['warm99'] * 1e3:.2f}) "
          f"| {figures['cold_median'] * 1e3:.1f} ms ({figures['cold99'] * 1e3:.1f}) | {figures['filtered_median'] * 1e3:.2f} ms "
          f"| {figures['recall']:.3f} | {figures['memory_share'] * 100:.0f} % |")
if arguments.plot:
    lines = {"import a row, µs": lambda rows, figures: figures["import_seconds"] / rows * 1e6,
             "bytes a row on disk": lambda rows, figures: figures["bytes_on_disk"] / rows,
             "opening and first answer, µs": lambda rows, figures: figures["open_seconds"] * 1e6,
             "search, µs": lambda rows, figures: figures["warm_median"] * 1e6,
             "search, nothing cached, µs": lambda rows, figures: figures["cold_median"] * 1e6}
    series = {name: [(math.log10(rows), line(rows, figures)) for rows, figures in results.items()]
              for name, line in lines.items()}
    pathlib.Path(arguments.plot).write_text(
        plot.curves(f"A store in {arguments.share * 100:.0f} % of its vectors' memory", "rows, power of ten", "", series))
