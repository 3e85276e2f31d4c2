"""The vocabulary is closed, and the code's own lists agree with the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.errors import InvalidCommand
from registry.keys import BadTable
from registry.states import UnitStatus
from registry.vocabulary import UnknownWord, load_vocabulary


def test_every_need_has_one_group() -> None:
    vocabulary = load_vocabulary()
    words = [word for group in vocabulary.needs.values() for word in group]
    assert sorted(words) == sorted(vocabulary.words)


def test_an_unknown_need_or_code_is_refused() -> None:
    vocabulary = load_vocabulary()
    assert vocabulary.check_needs(["adult", "lang_es"]) == {"adult", "lang_es"}
    with pytest.raises(UnknownWord, match="uninsured"):
        vocabulary.check_needs(["adult", "uninsured"])
    with pytest.raises(UnknownWord, match="hotel"):
        vocabulary.check_code("pool_type", "hotel")


def test_unit_states_of_the_file_are_those_of_the_code() -> None:
    assert load_vocabulary().codes["unit_status"] == tuple(UnitStatus)


def test_declines_for_oversight_are_declines() -> None:
    codes = load_vocabulary().codes
    assert set(codes["facility_decline_oversight"]) <= set(codes["facility_decline"])


def test_a_table_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "words.toml"
    file.write_text('version = "1"\nsource = "t"\n[needs]\n[codes]\n[code]\n', encoding="utf-8")
    with pytest.raises(BadTable, match="code: there is no such key"):
        load_vocabulary(file)


def test_a_word_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "words.toml"
    file.write_text(
        'version = "1"\nsource = "test"\n[needs]\na = ["x"]\nb = ["x"]\n[codes]\n', encoding="utf-8"
    )
    with pytest.raises(InvalidCommand, match="twice"):
        load_vocabulary(file)
