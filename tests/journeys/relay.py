"""A line between a browser and the system that can be cut, whatever the browser does meanwhile."""

import contextlib
import socket
from threading import Lock, Thread

PIECE = 65_536


class Relay:
    """Passes every byte on to `port` of this machine, while it is not cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._is_cut = False
        self._open: list[socket.socket] = []
        self._turn = Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Nobody gets through, and whoever was through is cut off.

        The address stays taken: no other program gets it meanwhile.
        """
        with self._turn:
            self._is_cut = True
            for each in self._open:
                _hang_up(each)
            self._open.clear()

    def mend(self) -> None:
        """The line is there again, at the same address."""
        with self._turn:
            self._is_cut = False

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            with self._turn:
                try:
                    if self._is_cut:
                        raise ConnectionRefusedError
                    far = socket.create_connection(("localhost", self._to))
                except OSError:
                    _hang_up(near)
                    continue
                self._open += [near, far]
            for ends in ((near, far), (far, near)):
                Thread(target=_pass_on, args=ends, daemon=True).start()


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def _pass_on(source: socket.socket, goal: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            goal.sendall(piece)
        goal.shutdown(socket.SHUT_WR)
