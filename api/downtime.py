"""The board on paper: one self-contained page of the present state, to be printed or kept. Pure.

It is for hours in which nothing else answers. It names no person: no name, no date of birth, no
address, no telephone number of anybody but of facilities, teams and vans. A town, a tier, a short
number and blank columns are what a paper board needs; a call-back number that is needed is written
into it by hand, by somebody who may.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

from dispatch.card import complete
from registry.port import Card, Snapshot
from registry.states import Pool, Team, Van

TIERS = ("imminent", "high", "moderate", "routine")
BLANK = "&nbsp;"
STYLE = """
body{font:11pt/1.35 system-ui,sans-serif;color:#000;background:#fff;margin:1.2cm}
h1{font-size:16pt;margin:0}h2{font-size:13pt;margin:1em 0 .3em}p{margin:.2em 0}
table{border-collapse:collapse;width:100%}
th,td{border:1px solid #444;padding:.2em .4em;text-align:left;vertical-align:top}
th{background:#eee}tr{break-inside:avoid}.by-hand{min-width:2.6cm}
.imminent td:first-child,.imminent td:nth-child(2){font-weight:700}
@media print{body{margin:0}@page{size:A4 landscape;margin:1cm}}
"""


HOW = (
    "Printed for a downtime. It names nobody; write down by hand what must be known, with its true "
    "time, and enter it afterwards."
)


@dataclass(frozen=True, slots=True)
class Names:
    """What ids stand for: facilities and owners. `timezone` is the region's IANA zone."""

    region: str
    timezone: str
    facilities: Mapping[str, str]
    owners: Mapping[str, str]


def page(snapshot: Snapshot, names: Names) -> str:
    """The board as HTML, at the snapshot's own time."""
    told = _Told(snapshot, names)
    cards = [complete(card) for card in snapshot.cards.get("request", {}).values()]
    waiting = sorted(cards, key=lambda card: (_rank(card), card["opened_ms"], card["id"]))
    parts = (
        f"<h1>{escape(names.region)}: the board at {told.time(snapshot.at_ms, full=True)}</h1>",
        f"<p>{HOW}</p>",
        _table("People", told.people(waiting), ("Call-back, notes", "What happened, at, by")),
        _table("Teams", told.units(snapshot.teams.values()), ("Status, at, by",)),
        _table("Vans", told.units(snapshot.vans.values()), ("Status, at, by",)),
        _table("Beds", told.pools(snapshot.pools.values()), ("Free now, at, by",)),
    )
    title = escape(f"Board of {names.region}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _rank(card: Card) -> int:
    tier = str(card["tier"])
    return TIERS.index(tier) if tier in TIERS else len(TIERS)


@dataclass(frozen=True, slots=True)
class _Row:
    cells: tuple[tuple[str, str], ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    snapshot: Snapshot
    names: Names

    def time(self, at_ms: int | None, *, full: bool = False) -> str:
        if not at_ms:
            return ""
        at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(self.names.timezone))
        return at.strftime("%Y-%m-%d %H:%M %Z" if full else "%H:%M")

    def people(self, cards: Iterable[Card]) -> list[_Row]:
        return [self._person(card) for card in cards]

    def _person(self, card: Card) -> _Row:
        pool = self.snapshot.pools.get(card["pool"] or "")
        answer = f" ({card['facility_answer']})" if card["facility_answer"] else ""
        return _Row(
            (
                ("Number", short(card["id"])),
                ("Tier", card["tier"]),
                ("Town", card["place"] or card["zone"]),
                ("State", card["state"].replace("_", " ")),
                ("Since", self.time(card["opened_ms"])),
                ("Team by", self.time(card["target_ms"])),
                ("Owner", self.names.owners.get(card["owner"] or "", "")),
                ("Team", self._name(self.snapshot.teams, card["team"])),
                ("Van", "drives itself" if card["self_transport"] else self._van(card)),
                ("Place", f"{pool.name}{answer}, {pool.phone}" if pool else ""),
                ("Follow-up by", self.time(card["follow_up_due_ms"], full=True)),
            ),
            mark=card["tier"],
        )

    def _van(self, card: Card) -> str:
        return self._name(self.snapshot.vans, card["van"])

    @staticmethod
    def _name(units: Mapping[str, Team] | Mapping[str, Van], id: str | None) -> str:
        unit = units.get(id or "")
        return unit.name if unit else ""

    def units(self, units: Iterable[Team | Van]) -> list[_Row]:
        return [
            _Row(
                (
                    ("Unit", unit.name),
                    ("Telephone", unit.phone),
                    ("Status", unit.status.value.replace("_", " ")),
                    ("With number", short(unit.request) if unit.request else ""),
                    ("On shift until", self.time(unit.shift_end_ms)),
                )
            )
            for unit in sorted(units, key=lambda unit: unit.name)
        ]

    def pools(self, pools: Iterable[Pool]) -> list[_Row]:
        return [
            _Row(
                (
                    ("Facility", self.names.facilities.get(pool.facility, "")),
                    ("Unit", pool.name),
                    ("Telephone", pool.phone),
                    ("Takes", ", ".join(sorted(pool.takes)).replace("_", " ")),
                    ("Free", "paused" if pool.paused else str(pool.free)),
                    ("Of", str(pool.capacity)),
                    ("Promised", str(pool.held + pool.reserved)),
                    ("Counted", self.time(pool.confirmed_ms, full=True)),
                )
            )
            for pool in sorted(pools, key=lambda pool: (pool.facility, pool.name))
        ]


def short(id: str) -> str:
    """The last six signs of a request's id: enough to find it again, and nobody's name."""
    return id[-6:]


def _table(title: str, rows: list[_Row], by_hand: tuple[str, ...]) -> str:
    """With blank columns for what is written by hand, and blank lines for what comes new."""
    heading = f"<h2>{title}</h2>"
    if not rows:
        return f"{heading}<p>None.</p>"
    names = [name for name, _ in rows[0].cells]
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    head += "".join(f'<th class="by-hand">{escape(name)}</th>' for name in by_hand)
    blank = f"<td>{BLANK}</td>"
    body = "".join(
        f'<tr class="{escape(row.mark)}">'
        + "".join(f"<td>{escape(str(value))}</td>" for _, value in row.cells)
        + blank * len(by_hand)
        + "</tr>"
        for row in rows
    )
    return f"{heading}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
