"""Diagram of a cohort's flow as an SVG of boxes and plain text: steps down the left, exclusions right, splits below."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape

from outcomenet.intake.account.flow import Step

DIAGRAM = "flow.svg"
_LINE, _PAD, _GAP = 17.0, 10.0, 26.0
_LEFT, _WIDTH, _ASIDE, _ASIDE_WIDTH = 20.0, 330.0, 390.0, 400.0
_BOLD = ' font-weight="bold"'
_CHARACTERS = {_WIDTH: 46, _ASIDE_WIDTH: 56}  # that fit into a box of this width at 13 px


def flow_svg(steps: Sequence[Step], *, splits: int) -> str:
    """Draws the diagram.

    Args:
        steps: The steps, see `flow.flow_of`.
        splits: How many of the last steps stand side by side.

    Returns:
        Text of an SVG file that needs nothing beside it.
    """
    parts: list[str] = []
    y, middle = 16.0, _LEFT + _WIDTH / 2
    for number, step in enumerate(steps[: len(steps) - splits]):
        if number:
            aside = [f"{count:,} {reason}" for reason, count in step.excluded]
            gap = _GAP
            if aside:
                box, height = _box(_ASIDE, y + 8, _ASIDE_WIDTH, ["Left out", *aside])
                gap = height + 16
                parts += [box, _arrow(middle, y + gap / 2, _ASIDE, y + gap / 2)]
            parts.append(_arrow(middle, y, middle, y + gap))
            y += gap
        box, height = _box(_LEFT, y, _WIDTH, [step.title, *_counts(step)])
        parts.append(box)
        y += height
    parts.append(_arrow(middle, y, middle, y + _GAP))
    y += _GAP
    lowest = y
    for place, step in enumerate(steps[len(steps) - splits :]):
        box, height = _box(_LEFT + place * 258, y, 245, [step.title, *_counts(step)])
        parts.append(box)
        lowest = max(lowest, y + height)
    size = f'width="810" height="{lowest + 16:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 810 {lowest + 16:.0f}" {size} '
        'font-family="Helvetica, Arial, sans-serif" font-size="13">\n'
        "<title>Flow of patients, visits and films</title>\n"
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z"/></marker></defs>\n'
        '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _counts(step: Step) -> list[str]:
    return [f"{count:,} {unit}" for unit, count in step.kept]


def _box(x: float, y: float, width: float, text: Sequence[str]) -> tuple[str, float]:
    """A box whose first line is bold, and its height."""
    characters = _CHARACTERS.get(width, 32)
    title, *entries = text
    lines = [(line, True) for line in textwrap.wrap(title, characters)]
    lines += [(line, False) for entry in entries for line in textwrap.wrap(entry, characters, subsequent_indent="   ")]
    height = len(lines) * _LINE + 2 * _PAD - 4
    written = "".join(
        f'<text x="{x + _PAD:g}" y="{y + _PAD + 11 + place * _LINE:g}" xml:space="preserve"{_BOLD * bold}>'
        f"{escape(line)}</text>"
        for place, (line, bold) in enumerate(lines)
    )
    rectangle = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="3" fill="#f6f8fa" stroke="#444"/>'
    return rectangle + written, height


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path d="M{x1:g},{y1:g} L{x2:g},{y2:g}" stroke="#444" fill="none" marker-end="url(#tip)"/>'
