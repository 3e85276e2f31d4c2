"""What a run is judged by, and how sure a difference between two policies is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from dispatch.request import CrisisRequest
from dispatch.words import State, Tier

CONFIDENCE = 0.95
MIN_MS = 60_000
GROUPS: Mapping[str, frozenset[Tier]] = {
    "all": frozenset(Tier),
    **{tier.value: frozenset({tier}) for tier in reversed(Tier)},
}


def waited_min(request: CrisisRequest) -> float:
    """Minutes until somebody was with the person; for nobody, until the request ended."""
    until_ms = request.reached_ms or request.ended_ms or request.opened_ms
    return (until_ms - request.opened_ms) / MIN_MS


def is_late(request: CrisisRequest) -> bool:
    """Whether nobody was there by the target."""
    return request.reached_ms is None or request.reached_ms > request.target_ms


def is_unserved(request: CrisisRequest) -> bool:
    """Whether no team ever came."""
    return request.reached_ms is None


def of_requests(ended: Sequence[CrisisRequest]) -> dict[str, float]:
    """Response minutes (mean, p90), late and unserved shares by tier; names as `imminent.p90`."""
    figures = {"requests": float(len(ended))}
    for name, tiers in GROUPS.items():
        group = [request for request in ended if request.tier in tiers]
        if not group:
            continue
        minutes = np.array([waited_min(request) for request in group])
        figures |= {
            f"{name}.mean_min": float(minutes.mean()),
            f"{name}.p90_min": float(np.percentile(minutes, 90)),
            f"{name}.late": sum(map(is_late, group)) / len(group),
            f"{name}.unserved": sum(map(is_unserved, group)) / len(group),
        }
    to_ems = sum(request.state is State.EMS_HANDED_OVER for request in ended)
    return figures | {"to_ems": to_ems / max(1, len(ended))}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds with the half width of its 95 % confidence interval (Student's t)."""

    mean: float
    half: float
    count: int


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of independent seeds; one seed alone has no interval (inf)."""
    array = np.asarray(values, dtype=np.float64)
    count = len(array)
    if count < 2:
        return Estimate(float(array.mean()) if count else float("nan"), float("inf"), count)
    spread = float(array.std(ddof=1)) / sqrt(count)
    return Estimate(
        float(array.mean()), spread * float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)), count
    )


def paired(policy: Sequence[float], baseline: Sequence[float]) -> Estimate:
    """The change against the baseline as a share of the baseline's mean, seed by seed."""
    ours, theirs = np.asarray(policy), np.asarray(baseline)
    level = float(theirs.mean())
    if level == 0:
        return Estimate(0.0 if not ours.any() else float("inf"), float("inf"), len(ours))
    change = estimate((ours - theirs).tolist())
    return Estimate(change.mean / level, change.half / abs(level), change.count)
