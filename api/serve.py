"""Uvicorn as this application wants it: one protocol for sockets, quiet logs, no access log."""

import socket
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class SharedFrames(WebSocketsSansIOProtocol):
    """Lets the application write a websocket frame that was encoded once for many sockets."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"]["caretower.wire"] = self

    def write_frame(self, wire: bytes) -> bool:
        """Write a whole frame now; False when the socket is not open or its buffer is full."""
        if self.close_sent or self.disconnected or not self.handshake_complete:
            return False
        if not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(wire)
        return True


def server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """A server that is not running yet. Port 0 takes a free one.

    The access log stays off: addresses hold ids and one-use tickets.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            ws=SharedFrames,
            ws_max_size=16_384,
            ws_per_message_deflate=False,
            ws_ping_interval=20,
            ws_ping_timeout=20,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=5,
        )
    )


async def serve(
    app: FastAPI, host: str, port: int, sockets: list[socket.socket] | None = None
) -> None:
    """Serve `app` until a signal ends it; `sockets` may be bound already."""
    await server(app, host, port).serve(sockets)
