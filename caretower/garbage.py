"""When a process looks for garbage."""

import gc

GARBAGE = (50_000, 20, 100)
"""A batch of positions or a plan makes tens of thousands of objects that are gone at once; by
default each 700 of them would have whole replicas looked through."""


def settle() -> None:
    """Keep the collector's hands off what was loaded for good: going through it stops a process
    for a fifth of a second, now and then, and somebody waits for that plan.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
