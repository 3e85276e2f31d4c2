"""The closed vocabulary: needs and offers are sets of its words, and unknown words are refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from registry.errors import InvalidCommand
from registry.keys import check_keys

DEFAULT_FILE = Path(__file__).resolve().parent.parent / "policy" / "vocabulary.toml"


class UnknownWord(InvalidCommand):
    """A word that the vocabulary does not have."""

    def __init__(self, group: str, word: str) -> None:
        super().__init__(f"{word!r} is not a word of {group}")
        self.group = group
        self.word = word


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`needs` maps each group to its words, `codes` each coded list to its words, in file order."""

    version: str
    source: str
    needs: Mapping[str, tuple[str, ...]]
    codes: Mapping[str, tuple[str, ...]]
    words: frozenset[str]

    def check_needs(self, words: Iterable[str]) -> frozenset[str]:
        """The words as a set. Raises UnknownWord."""
        asked = frozenset(words)
        for word in sorted(asked - self.words):
            raise UnknownWord("needs", word)
        return asked

    def check_code(self, group: str, word: str) -> str:
        """The word, if `group` (such as `pool_type`) has it. Raises UnknownWord."""
        if word not in self.codes.get(group, ()):
            raise UnknownWord(group, word)
        return word


def load_vocabulary(path: Path = DEFAULT_FILE) -> Vocabulary:
    """Read and check a vocabulary file. Raises BadTable, InvalidCommand for a word twice."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    check_keys("", data, ("version", "source", "needs", "codes"))
    needs = {group: tuple(words) for group, words in data["needs"].items()}
    codes = {group: tuple(words) for group, words in data["codes"].items()}
    every = [word for words in needs.values() for word in words]
    for group, words in {"needs": tuple(every), **codes}.items():
        if len(set(words)) != len(words):
            raise InvalidCommand(f"{path.name}: a word of {group} appears twice")
    return Vocabulary(
        version=data["version"],
        source=data["source"],
        needs=MappingProxyType(needs),
        codes=MappingProxyType(codes),
        words=frozenset(every),
    )
