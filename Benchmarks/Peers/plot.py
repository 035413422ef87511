"""Plots as SVG, drawn by hand so that they need no library and read well on light and on dark pages."""

from xml.sax.saxutils import escape

COLOURS = ["#e8590c", "#4263eb", "#74a0f4", "#868e96", "#adb5bd"]
WIDTH, LABELS, BAR, GAP = 760, 230, 16, 22


def bars(title, groups):
    """Horizontal bars: for each group's name, values in units by the names of the systems."""
    systems = list(next(iter(groups.values())))
    colours = dict(zip(systems, COLOURS))
    longest = max(max(values.values()) for values in groups.values())
    height = 66 + sum(len(values) * BAR + GAP for values in groups.values())
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
             f'height="{height}" font-family="system-ui, sans-serif" font-size="12">',
             "<style>text { fill: #24292f } @media (prefers-color-scheme: dark) { text { fill: #d0d7de } }</style>",
             f'<text x="8" y="20" font-size="15" font-weight="600">{escape(title)}</text>']
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
