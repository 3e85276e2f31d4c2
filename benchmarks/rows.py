"""A row of `build/bench.json`."""

Row = dict[str, object]


def row(
    name: str, value: float, unit: str, target: float | None, *,
    lower: bool = True, baseline: float | None = None, ratio: float | None = None,
) -> Row:  # fmt: skip
    """A row; `lower` says that less is better. A value in "x" is its own `ratio`."""
    holds = None if target is None else bool(value <= target if lower else value >= target)
    ratio = value if unit == "x" else ratio
    return {
        "name": name, "value": value, "unit": unit, "baseline": baseline, "ratio": ratio,
        "target": target, "holds": holds,
    }  # fmt: skip
