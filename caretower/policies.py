"""Every policy file of a region, read once before it starts: what is wrong, by file and field."""

from pathlib import Path

from pydantic import ValidationError

from caretower.settings import OWN_POLICIES, Settings
from registry.errors import InvalidCommand
from registry.vocabulary import Vocabulary, load_vocabulary


class BadPolicy(ValueError):
    """A policy file cannot be followed; the message has a line for each mistake."""


def check_policies(settings: Settings) -> None:
    """Raises BadPolicy with every file that is wrong."""
    vocabulary = load_vocabulary()
    wrong = [line for name in OWN_POLICIES for line in _wrong(settings, name, vocabulary)]
    if wrong:
        raise BadPolicy("\n".join(wrong))


def _wrong(settings: Settings, name: str, vocabulary: Vocabulary) -> list[str]:
    path = settings.policy(name)
    try:
        _read(settings, name, vocabulary)
    except (ValueError, OSError, InvalidCommand) as error:
        return _told(path, error)
    return []


def _told(path: Path, error: ValueError | OSError | InvalidCommand) -> list[str]:
    """A line a mistake; the words come with the optimizer's libraries, which take a second."""
    from caretower.planfile.complaints import complaints, unread

    if isinstance(error, ValidationError):
        return complaints(error, f"{path}: ").splitlines()
    return [f"{path}: {error if isinstance(error, InvalidCommand) else unread(error)}"]


def _read(settings: Settings, name: str, vocabulary: Vocabulary) -> None:
    """By the reader that the region itself uses."""
    from api.region import load_screens
    from dispatch.planning.policy import load_planning_policy
    from dispatch.policy import load_policy
    from dispatch.rides.policy import load_rides_policy
    from referral.policy import load_policy as load_referral_policy
    from registry.freshness import load_freshness
    from simulator.parameters import load_parameters

    path = settings.policy(name)
    match name:
        case "dispatch.toml":
            load_policy(path)
        case "referral.toml":
            load_referral_policy(path)
        case "freshness.toml":
            load_freshness(path)
        case "planning.toml":
            load_planning_policy(path, vocabulary)
        case "rides.toml":
            load_rides_policy(path, board_s=0)
        case "screens.toml":
            load_screens(path)
        case "simulation.toml":
            load_parameters(path, vocabulary)
        case _:
            raise ValueError("nothing reads this file")
