"""Who could serve whom at all: the faults of every (request, resource) pair, as flags.

A pair without a fault is eligible. The same flags cut the model and explain the unserved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.uint16]
Bools = NDArray[np.bool_]

FAR_S = 10**9
"""Stands for "no way there" among whole seconds; larger than any sum of valid times."""
LIMB_BITS = 62


class Fault(IntFlag):
    """Why a resource cannot serve a request."""

    EXCLUDED = 1
    LACKS = 2
    UNREACHABLE = 4
    DRIVE = 8
    HORIZON = 16
    SHIFT = 32
    KIND = 64
    FULL = 128


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Whole seconds. Shapes: drive and arrival (requests, teams), eta and approach (requests,
    vans), go (requests, places), home (places, vans), horizon, onscene and load (requests,).

    Unreachable pairs are never eligible, but a lock may keep one: the last moment that counts, the
    longest drive, stand in for it.
    """

    drive: Ints
    arrival: Ints
    eta: Ints
    approach: Ints
    go: Ints
    home: Ints
    horizon: Ints
    onscene: Ints
    load: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Faults:
    """Flags of `Fault`: team (requests, teams), van (requests, vans), place (requests, places)."""

    team: Flags
    van: Flags
    place: Flags


def whole(seconds: object) -> Ints:
    """Whole seconds, half to even; FAR_S where there is no way."""
    values = np.asarray(seconds, dtype=np.float64)
    rounded: Ints = np.rint(np.where(np.isnan(values), FAR_S, values)).astype(np.int64)
    return rounded


def limbs_of(masks: Sequence[int]) -> int:
    """How many limbs hold every mask: they may have any length."""
    return -(-max(masks, default=0).bit_length() // LIMB_BITS)


def limbs(masks: Sequence[int], width: int) -> Ints:
    """The lowest bits of masks (width, masks), in limbs that a loop can compare."""
    if width == 1 and limbs_of(masks) <= 1:
        return np.array([masks], dtype=np.int64)
    limb = (1 << LIMB_BITS) - 1
    parts = [[mask >> LIMB_BITS * k & limb for mask in masks] for k in range(width)]
    return np.array(parts, dtype=np.int64).reshape(width, len(masks))


def lacking(needs: Sequence[int], offers: Sequence[int]) -> Bools:
    """(needs, offers): whether the offer lacks a bit of the need."""
    width = limbs_of(needs)
    return lacks(limbs(needs, width)[:, :, None], limbs(offers, width)[:, None, :])


def lacks(need: Ints, offer: Ints) -> Bools:
    """Whether offers lack a bit of needs, both in limbs along the first axis."""
    missing: Bools = ((need & ~offer) != 0).any(axis=0)
    return missing
