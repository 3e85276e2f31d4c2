"""A study for people: what the table says, the CSV and the picture say too."""

import csv
import io
import xml.etree.ElementTree as ET

import pytest
from rich.console import Console
from typer.testing import CliRunner

from caretower.cli import app
from caretower.laboratory import Study, UnknownPolicy
from caretower.study_report import COLUMNS, DRAWN, as_csv, as_svg, show
from simulator.figures import Estimate
from simulator.study import Finding, Seeds

NOWHERE = Estimate(0.0, 0.0, 3)
FOUND = [
    Finding("nearest", 0.55, "all.late", Estimate(0.5, 0.01, 3), NOWHERE),
    Finding("caretower", 0.55, "all.late", Estimate(0.35, 0.02, 3), Estimate(-0.3, 0.05, 3)),
    Finding("caretower", 0.55, "high.p90_min", Estimate(9.0, float("inf"), 1), NOWHERE),
]


def test_every_policy_meets_the_same_seeds_and_the_baseline_is_always_there() -> None:
    arms = list(Study(["caretower"], [0.5], Seeds((1,), (7, 8)), 1.0).arms(0.9))
    assert [(arm.policy, arm.seed) for arm in arms] == [
        ("nearest", 7),
        ("caretower", 7),
        ("nearest", 8),
        ("caretower", 8),
    ]


def test_a_policy_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownPolicy, match="nobody"):
        Study(["nobody"], [0.5], Seeds((1,), (7,)), 1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--seeds", "1-3", "--tuning", "3,4"],
        ["--policies", "nobody"],
        ["--seeds", "3-1"],
        ["--load", "x"],
    ],
)
def test_a_study_that_means_nothing_is_refused_before_it_begins(wrong: list[str]) -> None:
    assert CliRunner().invoke(app, ["study", *wrong]).exit_code == 2


def test_the_csv_has_a_line_a_figure_and_leaves_out_what_one_seed_cannot_say() -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(FOUND))))
    assert tuple(lines[0]) == COLUMNS
    assert lines[1]["change_percent"] == "-30"
    assert lines[1]["change_half_percent"] == "5"
    assert lines[2]["half"] == ""


def test_the_picture_is_well_formed_and_puts_a_gain_left_of_nothing() -> None:
    root = ET.fromstring(as_svg(FOUND))
    named = {"svg": "http://www.w3.org/2000/svg"}
    panel = root.find("svg:g", named)
    assert panel is not None
    dots = [float(dot.attrib["cx"]) for dot in panel.findall("svg:circle", named)]
    zero = next(
        float(text.attrib["x"]) for text in panel.findall("svg:text", named) if text.text == "0"
    )
    labels = {text.text for text in panel.findall("svg:text", named)}
    assert {label for _, label in DRAWN} <= labels
    assert sorted(dots)[0] < zero
    assert zero in dots


def test_the_table_says_the_change_with_its_interval() -> None:
    out = Console(record=True, width=160, file=io.StringIO())
    show(FOUND, out)
    assert "0.35 ± 0.02  (-30.0 ± 5.0 %)" in out.export_text()
