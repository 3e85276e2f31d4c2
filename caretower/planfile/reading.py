"""Reading a plan file: its text, its policy file, and a plain complaint about every mistake."""

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from caretower.planfile.complaints import complaints, unread
from caretower.planfile.form import PlanFile, PolicyPart
from caretower.planfile.whole import check_whole, twice_in
from caretower.policies import BadPolicy, check_policies
from caretower.settings import Settings
from dispatch.planning.policy import PlanningFile, planning_policy
from dispatch.planning.situation import Rules
from dispatch.policy import Policy, load_policy
from registry.freshness import load_freshness
from registry.vocabulary import load_vocabulary

STANDARD_INPUT = Path("-")


class PlanFileError(ValueError):
    """The file cannot be planned; the message lists what is wrong, one line a field."""


def read(text: str, folder: Path | None = None) -> PlanFile:
    """The checked file. Its policy file is looked for in the folder. Raises PlanFileError."""
    try:
        file = PlanFile.model_validate_json(text)
        load_json(text)
        check_whole(file, load_vocabulary())
    except ValidationError as wrong:
        raise PlanFileError(complaints(wrong)) from None
    except ValueError as wrong:
        raise PlanFileError(str(wrong)) from None
    if file.policy_file is None:
        return file
    return file.model_copy(update={"policy": _policy_file(file.policy_file, folder)})


def text_of(path: Path) -> str:
    """The text of a file, of standard input for "-". Raises PlanFileError."""
    try:
        raw = sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as wrong:
        raise PlanFileError(unread(wrong)) from None
    except UnicodeDecodeError:
        raise PlanFileError("this is not text in UTF-8") from None
    if not text.strip():
        raise PlanFileError("there is nothing in it")
    return text


def load_json(text: str) -> Any:
    """The values of a JSON text. Raises ValueError for a key that an object has twice."""
    return json.loads(text, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        key = twice_in([key for key, _ in pairs])
        raise ValueError(f"the field {key} stands twice in the same object")
    return values


def _policy_file(name: str, folder: Path | None) -> PolicyPart:
    if folder is None:
        raise PlanFileError("policy_file: a plan that is no file has no folder to look in")
    try:
        text = text_of(folder / name)
        raw = tomllib.loads(text) if name.endswith(".toml") else load_json(text)
        return PolicyPart.model_validate(raw)
    except ValidationError as wrong:
        raise PlanFileError(complaints(wrong, f"{name}: ")) from None
    except (ValueError, RecursionError) as wrong:
        raise PlanFileError(f"policy_file: {name}: {unread(wrong)}") from None


def checked_settings() -> Settings:
    """The settings, with policies that can be followed. Raises PlanFileError."""
    settings = Settings()
    if settings.policy_dir is None:
        return settings
    try:
        check_policies(settings)
    except BadPolicy as wrong:
        raise PlanFileError(str(wrong)) from None
    return settings


def rules_of(file: PlanFile, settings: Settings) -> Rules:
    """The region's policies, with what the file has otherwise. Raises PlanFileError."""
    vocabulary = load_vocabulary()
    raw = tomllib.loads(settings.policy("planning.toml").read_text(encoding="utf-8"))
    _merge(raw, file.policy.planning)
    if file.strict is not None:
        _merge(raw, {"tiers": {"strict": file.strict}})
    try:
        planning = planning_policy(raw, vocabulary)
    except ValidationError as wrong:
        raise PlanFileError(complaints(wrong, "policy.planning.")) from None
    except ValueError as wrong:
        raise PlanFileError(f"policy.planning.{wrong}") from None
    return Rules(
        planning=planning,
        freshness=load_freshness(settings.policy("freshness.toml")),
        weight=dispatch_policy(settings).weight | file.policy.weight,
        vocabulary=vocabulary,
    )


def dispatch_policy(settings: Settings) -> Policy:
    """Tiers, targets and weights as the region has them."""
    return load_policy(settings.policy("dispatch.toml"))


def _merge(raw: dict[str, Any], tables: Mapping[str, Mapping[str, Any]]) -> None:
    for table, values in tables.items():
        known = PlanningFile.model_fields
        if table not in known or not isinstance(raw.get(table, {}), dict):
            raise PlanFileError(f"policy.planning.{table}: no such table")
        raw[table] = {**raw.get(table, {}), **values}
