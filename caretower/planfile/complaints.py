"""What is wrong with a file, in plain words: one line a mistake, with the path of its field."""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from caretower.planfile.form import ONE_WORD, POLICY_FILE

NAMES_ITS_FIELD = re.compile(r"[a-z_]+(\.[a-z_]+)*: ")
"""Where a complaint about a part begins with the field of the part that it means."""
NUMBER = "must be a number"
WHOLE = "must be a whole number"
TRUTH = "must be true or false"
LIST = "must be a list, in square brackets"
OBJECT = "must be an object, in braces"
MOMENT = "must be a moment with its time zone, such as 2026-11-22T08:00:00Z"
PATTERNS = {
    ONE_WORD: "must be one word, without blanks and slashes",
    POLICY_FILE: "must be a file beside this one, and end with .toml or .json",
}

WORDS: dict[str, str | Callable[[dict[str, Any]], str]] = {
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    "enum": lambda told: f"must be {told['expected']}",
    "literal_error": lambda told: f"must be {told['expected']}",
    "greater_than_equal": lambda told: f"must be at least {told['ge']:g}",
    "greater_than": lambda told: f"must be above {told['gt']:g}",
    "less_than_equal": lambda told: f"must be at most {told['le']:g}",
    "less_than": lambda told: f"must be below {told['lt']:g}",
    "finite_number": NUMBER,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_from_float": WHOLE,
    "bool_type": TRUTH,
    "bool_parsing": TRUTH,
    "string_type": "must be text, in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": lambda told: f"must have at most {told['max_length']} letters",
    "string_pattern_mismatch": lambda told: PATTERNS.get(told["pattern"], "is not written so"),
    "tuple_type": LIST,
    "list_type": LIST,
    "frozen_set_type": LIST,
    "too_short": lambda told: f"must have at least {told['min_length']} entries",
    "too_long": lambda told: f"must have at most {told['max_length']} entries",
    "dict_type": OBJECT,
    "model_type": OBJECT,
    "datetime_type": MOMENT,
    "datetime_parsing": MOMENT,
    "datetime_from_date_parsing": MOMENT,
    "json_invalid": lambda told: f"this is no JSON: {_in_words(told['error'])}",
    "value_error": lambda told: str(told["error"]),
}
"""By the reader's name of a mistake; whatever is not here keeps the reader's own words."""


def complaints(wrong: ValidationError, before: str = "") -> str:
    """One line a mistake: the path of the field, and what is wrong with it."""
    return "\n".join(
        before + _line([str(part) for part in error["loc"] if part != "[key]"], said(error))
        for error in wrong.errors(include_url=False, include_input=False)
    )


def said(error: ErrorDetails) -> str:
    """What is wrong with one field."""
    words = WORDS.get(error["type"], error["msg"])
    return words if isinstance(words, str) else words(error.get("ctx", {}))


def _in_words(error: str) -> str:
    return error.replace("EOF while parsing", "it ends within")


def _line(path: list[str], what: str) -> str:
    """ "requests.0" and "promised: is not kept" are "requests.0.promised: is not kept"."""
    if not path:
        return f"the file {what}" if what == OBJECT else what
    return ".".join(path) + ("." if NAMES_ITS_FIELD.match(what) else ": ") + what


def unread(error: OSError | ValueError | RecursionError) -> str:
    """Why a file could not be opened, or is not of its kind."""
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "this is a folder, not a file"
        case PermissionError():
            return "this account may not read it"
        case OSError():
            return error.strerror or str(error)
        case json.JSONDecodeError():
            return f"this is no JSON: line {error.lineno}, column {error.colno}"
        case tomllib.TOMLDecodeError():
            return f"this is no TOML: {error}"
        case RecursionError():
            return "this is nested too deeply"
        case _:
            return str(error)
