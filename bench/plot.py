"""A bar chart as SVG, on a logarithmic scale, without any library."""

import math
from collections.abc import Sequence
from html import escape

ROW, LABEL, BAR, MARGIN = 24, 430, 420, 10


def bars(unit: str, values: Sequence[tuple[str, float]]) -> str:
    """Return the chart: a label, a bar and a figure for each value, all of them above zero."""
    least = math.floor(math.log10(min(value for _, value in values)))
    most = math.ceil(math.log10(max(value for _, value in values)))
    rows = []
    for number, (label, value) in enumerate(values):
        top = MARGIN + number * ROW
        width = BAR * (math.log10(value) - least) / max(most - least, 1)
        rows.append(
            f'<text x="{LABEL}" y="{top + 16}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{LABEL + 8}" y="{top + 3}" width="{width:.1f}" height="18" fill="#3b6ea5"/>'
            f'<text x="{LABEL + 14 + width:.1f}" y="{top + 16}">{value:,.1f}</text>'
        )
    height = MARGIN * 2 + len(values) * ROW + ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + BAR + 110}" height="{height}" '
        'font-family="sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(rows)}'
        f'<text x="{LABEL + 8}" y="{height - MARGIN}">{escape(unit)}, logarithmic scale</text>'
        "</svg>\n"
    )
