"""A real HTTP server that answers tables well or in any wrong way that it is told."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ANSWER_S = 60.0
MOODS = (
    "well",
    "silent",
    "dripping",
    "error",
    "wrong shape",
    "nonsense",
    "negative",
    "huge number",
    "text for numbers",
    "closes",
    "half",
    "redirects",
    "empty",
)
CELLS: dict[str, Any] = {"negative": -1.0, "huge number": 10**400, "text for numbers": "60"}
BODIES = {"nonsense": b"<html>{[", "empty": b""}
STATUSES = {"error": 500, "redirects": 302}


@dataclass
class Unruly:
    """mood: how the next requests are answered. asked: how many there were."""

    url: str = ""
    mood: str = "well"
    asked: int = 0
    over: threading.Event = field(default_factory=threading.Event)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, told: Unruly) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.told = told

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    """Speaks OSRM's tables by GET and Valhalla's by POST; every cell of a good one is a minute."""

    server: Server

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        rows, columns = (len(query[key][0].split(";")) for key in ("sources", "destinations"))
        spots = urlsplit(self.path).path.split("/")[-1].split(";")
        at = [{"location": [float(x) for x in spot.split(",")]} for spot in spots]
        self.answer({"sources": at[:rows], "destinations": at[rows:]}, rows, columns)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.answer({}, len(asked["sources"]), len(asked["targets"]))

    def answer(self, extra: dict[str, Any], rows: int, columns: int) -> None:
        told = self.server.told
        told.asked += 1
        cell = CELLS.get(told.mood, 60.0)
        durations = [[cell] * columns] * (rows + (told.mood == "wrong shape"))
        table = {
            "code": "Ok",
            "durations": durations,
            "sources_to_targets": {"durations": durations},
        }
        match told.mood:
            case "closes":
                self.connection.shutdown(socket.SHUT_RDWR)
            case "silent":
                told.over.wait(ANSWER_S)
            case mood:
                self.send(BODIES.get(mood, json.dumps({**table, **extra}).encode()), mood)

    def send(self, body: bytes, mood: str) -> None:
        self.send_response(STATUSES.get(mood, 200))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if mood == "dripping":
            for place in range(len(body)):
                self.wfile.write(body[place : place + 1])
                if self.server.told.over.wait(0.05):
                    return
        self.wfile.write(body[: len(body) // 2] if mood == "half" else body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def unruly_server() -> Iterator[Unruly]:
    """The server, in whatever mood it is set to."""
    told = Unruly()
    server = Server(told)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        told.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
