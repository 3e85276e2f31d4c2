"""The loops, compiled once they have been warmed up; until then the same source as plain Python."""

from collections.abc import Callable
from threading import Event
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from numba.core.dispatcher import Dispatcher

from optimizer.rides import insertion, schedule, search


class Engine(NamedTuple):
    """The loops that callers use, as their modules describe them."""

    price: Callable[..., int]
    settle: Callable[..., None]
    settle_all: Callable[..., None]
    insertion: Callable[..., int]
    put_in: Callable[..., None]
    put_back: Callable[..., None]
    offered: Callable[..., int]
    copy: Callable[..., None]
    search: Callable[..., None]


def _plain(*modules: ModuleType) -> dict[str, Any]:
    """The loops of the modules as Python runs them, each calling the others so."""
    names: dict[str, Any] = {}
    for module in modules:
        names |= vars(module)
    loops = {name: loop for name, loop in names.items() if isinstance(loop, Dispatcher)}
    for name, loop in loops.items():
        names[name] = FunctionType(loop.py_func.__code__, names, name)
    return names


_MODULES = (schedule, insertion, search)
COMPILED = Engine(
    schedule.price, schedule.settle, search.settle_all, insertion.insertion, insertion.put_in,
    search.put_back, search.offered, search.copy, search.search,
)  # fmt: skip
PLAIN = Engine(*map(_plain(*_MODULES).__getitem__, Engine._fields))

_compiled = Event()


def engine() -> Engine:
    """The way to compute now."""
    return COMPILED if _compiled.is_set() else PLAIN


def use_compiled() -> None:
    """From now on; called when everything has been compiled."""
    _compiled.set()
