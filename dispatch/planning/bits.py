"""Needs and offers as bit masks, numbered anew for every problem and never stored.

A label is something that a resource satisfies or not: a word of the vocabulary, one of several
acceptable types, an agreement with a zone, enough seats. Only labels that somebody needs get a bit.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the vocabulary must be among what is offered."""

    word: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """The place must be of one of these types."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Serves:
    """The facility must take people of this zone."""

    zone: str


@dataclass(frozen=True, slots=True)
class Seats:
    """The vehicle must have at least so many seats; the crew's own count where it is the escort."""

    count: int
    crew: bool = False


@dataclass(frozen=True, slots=True)
class Authority:
    """Whoever drives must be allowed to transport under the person's custody."""

    transporter: str


@dataclass(frozen=True, slots=True)
class Speaks:
    """The crew must speak this language, or bring an interpreter."""

    word: str


Label: TypeAlias = Word | Speaks | OneOf | Serves | Seats | Authority


class Offer(Protocol):
    """What a resource says about itself. `words` satisfy the labels that are words."""

    @property
    def words(self) -> frozenset[str]: ...

    def satisfies(self, label: Label) -> bool:
        """Whether a label that is no word holds for it."""
        ...


@dataclass(slots=True)
class Bits:
    """The numbering of one problem. Words, the many, are looked up; other labels are asked."""

    _index: dict[Label, int] = field(default_factory=dict)
    _words: dict[str, int] = field(default_factory=dict)
    _others: list[tuple[Label, int]] = field(default_factory=list)

    def needed(self, labels: Iterable[Label]) -> int:
        """The mask of these labels; new ones get the next bits."""
        mask = 0
        for label in labels:
            mask |= 1 << (self._index[label] if label in self._index else self._number(label))
        return mask

    def offered(self, offer: Offer) -> int:
        """The mask of all labels so far that the offer satisfies."""
        mask = 0
        for word in offer.words & self._words.keys():
            mask |= 1 << self._words[word]
        for label, bit in self._others:
            if offer.satisfies(label):
                mask |= 1 << bit
        return mask

    def label(self, bit: int) -> Label:
        """The label of a bit."""
        return list(self._index)[bit]

    def _number(self, label: Label) -> int:
        bit = self._index[label] = len(self._index)
        if isinstance(label, Word):
            self._words[label.word] = bit
        else:
            self._others.append((label, bit))
        return bit
