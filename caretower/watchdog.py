"""What ends a process that hangs, so that its supervisor starts it again."""

import faulthandler
from collections.abc import Callable


def watchdog(patience_s: float) -> Callable[[], None]:
    """To be called as long as all is well: once that fails for so many seconds, the process writes
    to stderr where each of its threads is, no value of any variable, and ends with 1.

    The timer is the interpreter's own and needs no lock of it: a loop in compiled code that never
    lets go of the interpreter is ended too. Whoever was stopped (SIGSTOP) for longer ends when it
    goes on.
    """

    def alive() -> None:
        faulthandler.dump_traceback_later(patience_s, exit=True)

    return alive
