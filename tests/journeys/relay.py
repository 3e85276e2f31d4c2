"""A line between a browser and the system that can be cut, whatever the browser does meanwhile."""

import contextlib
import socket
from threading import Thread

PIECE = 65_536


class Relay:
    """Passes every byte on to `port` of this machine, while it is not cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        self._listen()

    def cut(self) -> None:
        """Nobody gets through, and whoever was through is cut off."""
        self._port = self._listener.getsockname()[1]
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._open.clear()

    def mend(self) -> None:
        """The line is there again, at the same address."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._listen()

    def _listen(self) -> None:
        Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("localhost", self._to))
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    Thread(target=_pass_on, args=ends, daemon=True).start()


def _pass_on(source: socket.socket, goal: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            goal.sendall(piece)
        goal.shutdown(socket.SHUT_WR)
