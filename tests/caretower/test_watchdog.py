"""A process that hangs ends, and says where it was; one that is well does not."""

import subprocess
import sys
import textwrap
import time

import pytest

PATIENCE_S = 2.0

WAITS = "threading.Event().wait()"
HOLDS_THE_INTERPRETER = "re.match('(a+)+$', 'a' * 60 + secret)"
IS_WELL = "[(alive(), time.sleep(0.1)) for _ in range(30)]"


def ended(last: str) -> tuple[int, str, float]:
    """The exit code of a process that comes to this line, what it wrote, how long it took."""
    program = f"""
    import re, threading, time
    from caretower.watchdog import watchdog

    secret = "the caller"
    alive = watchdog({PATIENCE_S})

    def somewhere():
        {last}

    alive()
    somewhere()
    """
    began_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr, time.monotonic() - began_s


@pytest.mark.parametrize("last", [WAITS, HOLDS_THE_INTERPRETER])
def test_a_process_that_hangs_ends_and_says_where_it_was_and_of_whom_nothing(last: str) -> None:
    code, said, spent_s = ended(last)
    assert code == 1
    assert "in somewhere" in said
    assert "the caller" not in said
    assert spent_s >= PATIENCE_S


def test_a_process_that_is_well_goes_on() -> None:
    code, said, spent_s = ended(IS_WELL)
    assert (code, said) == (0, "")
    assert spent_s > PATIENCE_S
