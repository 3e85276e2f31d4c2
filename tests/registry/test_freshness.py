"""Stale is not gone: a fact's age has four names, by limits of its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.errors import InvalidCommand
from registry.freshness import DEFAULT_FILE, Freshness, load_freshness
from registry.keys import BadTable
from registry.states import Pool


def pool(type: str, facility: str = "f") -> Pool:
    return Pool(
        id="p", facility=facility, zone="z", name="p", type=type, lon=0, lat=0, capacity=1,
        updated_ms=9_000_000, confirmed_ms=1_000_000,
    )  # fmt: skip


def test_the_limits_themselves_belong_to_the_younger_name() -> None:
    limits = load_freshness().of("position")
    ages = (-5, 60, 60.1, 120, 120.1, 600, 600.1)
    assert [limits.judge(age) for age in ages] == [
        Freshness.FRESH,
        Freshness.FRESH,
        Freshness.AGEING,
        Freshness.AGEING,
        Freshness.STALE,
        Freshness.STALE,
        Freshness.NO_RESPONSE,
    ]


def test_a_pool_is_judged_by_its_type_and_its_last_confirmation() -> None:
    policy = load_freshness()
    later_ms = 1_000_000 + 2 * 3_600_000
    assert policy.judge_pool(pool("receiving"), later_ms) == Freshness.AGEING
    assert policy.judge_pool(pool("inpatient_adult"), later_ms) == Freshness.FRESH


def test_a_facility_can_agree_on_limits_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "freshness.toml"
    text = DEFAULT_FILE.read_text()
    own = "[facility]\nquiet = { ageing_s = 1, stale_s = 2, no_response_s = 3 }\n"
    file.write_text(text.replace("[facility]\n", own))
    policy = load_freshness(file)
    assert policy.judge_pool(pool("detox", "quiet"), 1_002_500) == Freshness.STALE
    assert policy.judge_pool(pool("detox"), 1_002_500) == Freshness.FRESH


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("stale_s = 10,", "stale_s = 3,", r"feed\.default"),
        ("[unit_status]", "[unit_state]", r"unit_state: there is no such key"),
        ("[unit_status]\ndefault", "[unit_status]\nphone", r"unit_status\.phone: there is no such"),
        ("receiving =", "recieving =", r"pool\.recieving: there is no such key"),
        ("ageing_s = 60,", "", r"position\.default\.ageing_s: is missing"),
        ("ageing_s = 60,", "ageing_s = '60',", r"position\.default\.ageing_s: must be a number"),
    ],
)
def test_what_is_wrong_in_the_file_is_refused_by_name(
    right: str, wrong: str, told: str, tmp_path: Path
) -> None:
    file, text = tmp_path / "freshness.toml", DEFAULT_FILE.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong, 1))
    with pytest.raises((InvalidCommand, BadTable), match=told):
        load_freshness(file)
