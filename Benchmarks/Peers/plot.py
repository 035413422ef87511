"""Plots as SVG, drawn by hand so that they need no library and read well on light and on dark pages."""

import math
from xml.sax.saxutils import escape

COLOURS = ["#e8590c", "#4263eb", "#74a0f4", "#868e96", "#adb5bd", "#2f9e44"]
WIDTH, LABELS, BAR, GAP = 760, 230, 16, 22


def head(height, title):
    """How every plot starts."""
    return [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" font-family="system-ui, sans-serif" font-size="12">',
            "<style>text { fill: #24292f } @media (prefers-color-scheme: dark) { text { fill: #d0d7de } }</style>",
            f'<text x="8" y="20" font-size="15" font-weight="600">{escape(title)}</text>']


def curves(title, horizontal, vertical, series):
    """Lines through points (x, y) by the names of the systems; y on a logarithmic scale."""
    left, right, top, bottom, height = 64, 16, 84, 40, 460
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    low, high = math.floor(min(xs) * 20) / 20, max(1.0, max(xs))
    small, large = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def across(x):
        return left + (WIDTH - left - right) * (x - low) / ((high - low) or 1)

    def up(y):
        return height - bottom - (height - top - bottom) * (math.log10(y) - small) / ((large - small) or 1)

    parts = head(height, title)
    for place, system in enumerate(series):
        x, y = 8 + place % 3 * (WIDTH - 16) / 3, 32 + place // 3 * 18
        parts.append(f'<rect x="{x:.0f}" y="{y}" width="11" height="11" rx="2" fill="{COLOURS[place]}"/>'
                     f'<text x="{x + 16:.0f}" y="{y + 10}">{escape(system)}</text>')
    for power in range(small, large + 1):
        y = up(10 ** power)
        parts.append(f'<line x1="{left}" x2="{WIDTH - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#868e96" '
                     f'stroke-opacity="0.3"/><text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{scaled(10 ** power)}</text>')
    for step in range(6):
        x = low + (high - low) * step / 5
        parts.append(f'<text x="{across(x):.1f}" y="{height - bottom + 18}" text-anchor="middle">{x:.2f}</text>')
    parts.append(f'<text x="{WIDTH - right}" y="{height - 6}" text-anchor="end">{escape(horizontal)}</text>'
                 f'<text x="8" y="{top - 8}">{escape(vertical)}</text>')
    for place, points in enumerate(series.values()):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in sorted(points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[place]}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{COLOURS[place]}"/>' for x, y in points]
    return "\n".join(parts + ["</svg>"]) + "\n"


def scaled(value):
    """A power of ten in a form that fits the margin."""
    return f"{value // 10 ** 6} M" if value >= 10 ** 6 else f"{value // 1000} k" if value >= 1000 else f"{value}"


def bars(title, groups):
    """Horizontal bars: for each group's name, values in units by the names of the systems."""
    systems = list(next(iter(groups.values())))
    colours = dict(zip(systems, COLOURS))
    longest = max(max(values.values()) for values in groups.values())
    height = 66 + sum(len(values) * BAR + GAP for values in groups.values())
    parts = [*head(height, title)]
    for place, system in enumerate(systems):
        x = 8 + place * (WIDTH - 16) / len(systems)
        parts.append(f'<rect x="{x:.0f}" y="32" width="11" height="11" rx="2" fill="{colours[system]}"/>'
                     f'<text x="{x + 16:.0f}" y="42">{escape(system)}</text>')
    y = 64
    for group, values in groups.items():
        middle = y + len(values) * BAR / 2 + 4
        parts.append(f'<text x="{LABELS - 10}" y="{middle:.0f}" text-anchor="end">{escape(group)}</text>')
        for system, value in values.items():
            width = (WIDTH - LABELS - 70) * value / longest
            parts.append(f'<rect x="{LABELS}" y="{y + 1}" width="{width:.1f}" height="{BAR - 2}" rx="2" '
                         f'fill="{colours[system]}"/>'
                         f'<text x="{LABELS + width + 6:.1f}" y="{y + 12}">{value / 1e6:.2f}</text>')
            y += BAR
        y += GAP
    return "\n".join(parts + ["</svg>"]) + "\n"
