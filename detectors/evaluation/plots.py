"""Two pictures of a detector: what it confuses, and whether its confidence means what it says.

Plain SVG, written by hand: the same figures give the same bytes, a few kilobytes; text stays
text, so Korean labels take the reader's fonts. Why no plotting library: docs/decisions/0015.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.evaluation.calibration import Bin

FONT = "'Noto Sans KR','Noto Sans CJK KR','Malgun Gothic','Apple SD Gothic Neo',sans-serif"
INK, MUTED, LINE, PAPER = "#1f2933", "#52606d", "#9aa5b1", "#ffffff"
SHADE = (11, 83, 148)
"""Red, green and blue of a full cell."""
COLOURS = ("#0b5394", "#b45309", "#0f766e", "#7c3aed", "#be123c", "#4d7c0f")
"""Dark enough on white to be told apart, also by the colour-blind with the marks below."""
MARKS = ("circle", "square", "diamond", "triangle")
DARK_SHARE = 0.55
"""Share from which a cell is dark enough for white text."""


def draw_confusion_matrix(
    title: str, labels: Sequence[str], counts: Sequence[Sequence[int]]
) -> str:
    """Draw ``counts [true][decided]``: each cell its share of the row and, small, its count."""
    cell, left, top = 64, 30 + 11 * max(map(_width, labels)), 92
    parts = [_text(16, 26, title, size=15, weight=600)]
    parts.append(_text(16, 48, "rows: true label, columns: decided", fill=MUTED))
    for column, label in enumerate(labels):
        parts.append(_text(left + cell * (column + 0.5), top - 10, label, anchor="middle", size=11))
    for row, (label, row_counts) in enumerate(zip(labels, counts, strict=True)):
        y = top + cell * row
        parts.append(_text(left - 10, y + cell / 2 + 4, label, anchor="end", size=12))
        total = max(1, sum(row_counts))
        for column, count in enumerate(row_counts):
            parts += _cell(left + cell * column, y, cell, count, count / total)
    side = cell * len(labels)
    return _svg(max(left + side + 24, 380), top + side + 24, parts)


def _cell(x: float, y: float, cell: int, count: int, share: float) -> list[str]:
    colour = "#" + "".join(f"{round(255 - share * (255 - component)):02x}" for component in SHADE)
    ink = PAPER if share > DARK_SHARE else INK
    middle = x + cell / 2
    box = f'x="{x:g}" y="{y:g}" width="{cell}" height="{cell}"'
    elements = [f'<rect {box} fill="{colour}" stroke="{LINE}" stroke-width="0.5"/>']
    if not count:
        return elements
    return [
        *elements,
        _text(middle, y + cell / 2 + 1, f"{share:.0%}", anchor="middle", fill=ink, size=14),
        _text(middle, y + cell / 2 + 18, str(count), anchor="middle", fill=ink, size=10),
    ]


def draw_reliability_diagram(title: str, series: Mapping[str, tuple[Sequence[Bin], str]]) -> str:
    """Draw accuracy against confidence, a line for each name of ``series``.

    Its values are the bins and a remark for the legend, such as the ECE. On the diagonal
    confidence means what it says; below it the detector is too sure of itself.
    """
    side, left, top = 360, 64, 70
    parts = [_text(16, 26, title, size=15, weight=600), *_axes(left, top, side)]
    for index, (name, (bins, remark)) in enumerate(series.items()):
        colour, mark = COLOURS[index % len(COLOURS)], MARKS[index % len(MARKS)]
        coordinates = [(left + side * b.confidence, top + side * (1 - b.accuracy)) for b in bins]
        polyline = " ".join(f"{x:.1f},{y:.1f}" for x, y in coordinates)
        parts.append(
            f'<polyline points="{polyline}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        parts += [_mark(mark, x, y, colour) for x, y in coordinates]
        y = top + side + 76 + 20 * index
        parts.append(_mark(mark, left + 8, y - 4, colour))
        parts.append(_text(left + 22, y, f"{name}: {remark}", size=12))
    return _svg(left + side + 28, top + side + 72 + 20 * len(series), parts)


def _axes(left: int, top: int, side: int) -> list[str]:
    bottom, right = top + side, left + side
    diagonal = f'x1="{left}" y1="{bottom}" x2="{right}" y2="{top}"'
    parts = [
        f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" stroke="{LINE}"/>',
        f'<line {diagonal} stroke="{LINE}" stroke-dasharray="5 4"/>',
        _text(left + side / 2, bottom + 44, "confidence", anchor="middle", size=13),
        _text(left, top - 12, "accuracy", anchor="middle", size=13),
        _text(right - 8, bottom - 10, "below the diagonal: too sure", anchor="end", fill=MUTED),
    ]
    for tenth in range(0, 11, 2):
        offset, text = side * tenth / 10, f"{tenth / 10:g}"
        parts.append(_text(left + offset, bottom + 20, text, anchor="middle"))
        parts.append(_text(left - 8, bottom - offset + 4, text, anchor="end"))
    return parts


def _mark(kind: str, x: float, y: float, colour: str) -> str:
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
    shape = {
        "square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        "diamond": ((0, -6), (6, 0), (0, 6), (-6, 0)),
        "triangle": ((0, -6), (5.5, 4.5), (-5.5, 4.5)),
    }[kind]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in shape)
    return f'<polygon points="{points}" fill="{colour}"/>'


def _text(  # noqa: PLR0913 - the attributes of an SVG text
    x: float,
    y: float,
    content: str,
    *,
    anchor: str = "start",
    size: int = 11,
    weight: int = 400,
    fill: str = INK,
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}" fill="{fill}">{escape(content)}</text>'
    )


def _width(label: str) -> float:
    """Rough width in characters of 11 pixels: Hangul fills them, Latin letters take two thirds."""
    return sum(1.1 if unicodedata.east_asian_width(letter) in "WF" else 0.65 for letter in label)


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">\n'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )
