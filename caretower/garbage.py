"""When a process looks for garbage."""

import gc

GARBAGE = (10_000, 20, 100)
"""A batch of positions or a plan makes tens of thousands of objects that are gone at once; by
default each 700 of them would have whole replicas looked through. Five times as many would cost a
planner some megabytes, and a county's slowest plan a millisecond or two."""


def settle() -> None:
    """Keep the collector's hands off what was loaded for good: going through it stops a process
    for a fifth of a second, now and then, and somebody waits for that plan.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
