"""What somebody types after `caretower study` is a study, or is refused in a sentence."""

import pytest
from typer.testing import CliRunner

from caretower.cli import app
from caretower.study_words import seeds_of, study_of


def test_seeds_are_numbers_and_ranges_with_commas() -> None:
    assert seeds_of("7") == (7,)
    assert seeds_of("1001-1003, 1007,1010-1010") == (1001, 1002, 1003, 1007, 1010)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("abc", "'abc' is no seed"),
        ("1.5", "'1.5' is no seed"),
        ("1-", "'1-' is no seed"),
        ("-3", "'-3' is no seed"),
        ("1-2-3", "'1-2-3' is no seed"),
        ("9-7", "the seeds 9-7 end before they begin"),
        ("1-3,2", "the seed 2 is named twice"),
        ("1-999999999", "more than 10000 seeds"),
    ],
)
def test_what_is_no_list_of_seeds_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        seeds_of(text)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("caretower", ".55", "", "1"), "needs tuning seeds and report seeds"),
        (("caretower", ".55", "1", "1"), "tuned on and reported: 1"),
        (("caretower", "half", "2", "1"), "'half' is no load"),
        (("caretower", ".5,.5", "2", "1"), "the load .5 is named twice"),
        (("caretower", "55", "2", "1"), "above 0 and up to 1"),
        (("caretower", "nan", "2", "1"), "above 0 and up to 1"),
        (("caretower", "", "2", "1"), "at least one policy at one load"),
        (("", ".55", "2", "1"), "at least one policy at one load"),
        (("best", ".55", "2", "1"), "no policy 'best': there are nearest"),
    ],
)
def test_what_is_no_study_is_refused(words: tuple[str, str, str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        study_of(*words, 1.0)


def test_a_study_that_could_not_be_written_down_does_not_begin() -> None:
    answer = CliRunner().invoke(app, ["study", "--json", "/nowhere/study.json"])
    assert answer.exit_code == 2
    assert "there is no such folder" in answer.stderr
