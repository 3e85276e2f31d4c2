"""A study for people: a table for each load, the same as CSV, and a picture (SVG)."""

import csv
import io
from collections.abc import Iterator, Sequence
from math import isfinite

from rich.console import Console
from rich.table import Table

from simulator.policies import BASELINE
from simulator.study import Finding

SHOWN = (
    ("imminent.mean_min", "imminent mean min"),
    ("imminent.p90_min", "imminent p90 min"),
    ("high.mean_min", "high mean min"),
    ("high.p90_min", "high p90 min"),
    ("moderate.mean_min", "moderate mean min"),
    ("routine.mean_min", "routine mean min"),
    ("all.mean_min", "all mean min"),
    ("all.p90_min", "all p90 min"),
    ("all.late", "late share"),
    ("all.unserved", "unserved share"),
    ("utilisation", "team utilisation"),
    ("driven_min_a_request", "driven min a request"),
    ("facility_declines_a_day", "declines a day"),
)
DRAWN = SHOWN[:9]
"""Shares of the baseline that are worth a picture."""

COLUMNS = (
    "load",
    "policy",
    "figure",
    "mean",
    "half",
    "change_percent",
    "change_half_percent",
    "seeds",
)

LEFT, RIGHT, ROW, TOP, WIDTH = 150, 30, 22, 44, 640
LIMIT = 60.0
"""Percent of change that the picture has room for, to either side."""
COLOURS = ("#1b6ca8", "#b3541e", "#4d7c0f", "#6d28d9")


def show(found: Sequence[Finding], out: Console) -> None:
    """One table a load: each figure with its interval, and the change against the baseline."""
    by_key = {(one.load, one.policy, one.figure): one for one in found}
    policies = list(dict.fromkeys(one.policy for one in found))
    for load in dict.fromkeys(one.load for one in found):
        table = Table("figure", *policies, title=f"load {load:g} (95 % intervals over seeds)")
        for figure, label in SHOWN:
            cells = [_cell(by_key.get((load, policy, figure))) for policy in policies]
            table.add_row(label, *cells)
        out.print(table)


def as_csv(found: Sequence[Finding]) -> str:
    """A line for every figure of every policy at every load."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for one in found:
        value, change = one.value, one.change
        numbers = (value.mean, value.half, 100 * change.mean, 100 * change.half)
        told = [f"{number:.6g}" if isfinite(number) else "" for number in numbers]
        lines.writerow([f"{one.load:g}", one.policy, one.figure, *told, value.count])
    return text.getvalue()


def as_svg(found: Sequence[Finding]) -> str:
    """The change of each figure against the baseline with its 95 % interval, a panel a load."""
    loads = list(dict.fromkeys(one.load for one in found))
    policies = [p for p in dict.fromkeys(one.policy for one in found) if p != BASELINE]
    by_key = {(one.load, one.policy, one.figure): one for one in found}
    panel = TOP + ROW * len(DRAWN) + 30
    body = [_legend(policies)]
    for k, load in enumerate(loads):
        body.append(f'<g transform="translate(0,{30 + k * panel})">')
        body.append(_text(LEFT, 16, f"load {load:g}: change against {BASELINE}", "b"))
        body += _grid(panel)
        for row, (figure, label) in enumerate(DRAWN):
            y = TOP + ROW * row
            body.append(_text(LEFT - 8, y + 4, label, "r"))
            for n, policy in enumerate(policies):
                one = by_key.get((load, policy, figure))
                if one is not None:
                    body.append(_bar(one, y + 5 * (n - (len(policies) - 1) / 2), COLOURS[n % 4]))
        body.append("</g>")
    height = 30 + panel * len(loads)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'font-family="sans-serif" font-size="12"><title>Policies against {BASELINE}</title>'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        "<style>.b{font-weight:bold}.r{text-anchor:end}.m{text-anchor:middle;fill:#666}</style>"
    )
    return head + "\n".join(body) + "</svg>\n"


def _legend(policies: Sequence[str]) -> str:
    return "".join(
        f'<circle cx="{LEFT + 130 * n}" cy="14" r="4" fill="{COLOURS[n % 4]}"/>'
        + _text(LEFT + 130 * n + 9, 18, policy)
        for n, policy in enumerate(policies)
    )


def _grid(panel: int) -> Iterator[str]:
    for percent in range(-60, 61, 20):
        x, line = _x(percent), "#444" if percent == 0 else "#ddd"
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="28" y2="{panel - 30}" stroke="{line}"/>'
        yield _text(x, panel - 16, f"{percent:+d} %" if percent else "0", "m")


def _bar(one: Finding, y: float, colour: str) -> str:
    mean, half = 100 * one.change.mean, 100 * one.change.half
    if not isfinite(mean):
        return ""
    ends = (_x(mean - half), _x(mean + half)) if isfinite(half) else (_x(mean), _x(mean))
    return (
        f'<line x1="{ends[0]:.1f}" x2="{ends[1]:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
        f'stroke="{colour}" stroke-width="2"/>'
        f'<circle cx="{_x(mean):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    )


def _x(percent: float) -> float:
    within = max(-LIMIT, min(LIMIT, percent))
    return LEFT + (WIDTH - LEFT - RIGHT) * (within + LIMIT) / (2 * LIMIT)


def _text(x: float, y: float, text: str, look: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{look}">{text}</text>'


def _cell(one: Finding | None) -> str:
    if one is None:
        return "–"
    value = f"{one.value.mean:.3g} ± {one.value.half:.2g}"
    if one.policy == BASELINE:
        return value
    return f"{value}  ({100 * one.change.mean:+.1f} ± {100 * one.change.half:.1f} %)"
