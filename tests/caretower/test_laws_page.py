"""The page of what must never happen names tests that exist."""

import re
from pathlib import Path

HOUSE = Path(__file__).parents[2]
DEFINED = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)


def test_every_test_that_the_page_of_laws_names_exists() -> None:
    page = (HOUSE / "docs" / "reliability.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    texts = (path.read_text(encoding="utf-8") for path in (HOUSE / "tests").rglob("test_*.py"))
    there = {name for text in texts for name in DEFINED.findall(text)}
    assert len(named) > 30
    assert named - there == set()
