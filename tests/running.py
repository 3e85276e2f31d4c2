"""What a test needs of a system that runs beside it: a port, and its processes by name."""

import contextlib
import random
import socket

import psutil


def free_port() -> int:
    """Below those that a machine lends to calls that go out: none of them takes it meanwhile."""
    for port in random.sample(range(20_000, 32_000), 100):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


def processes(above: int, name: str) -> list[psutil.Process]:
    """Those below process `above` whose command ends with this name."""
    found = []
    for process in psutil.Process(above).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # a server's own come and go
            if process.cmdline()[-1:] == [name]:
                found.append(process)
    return found
