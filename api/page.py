"""The browser client from its built folder, and the headers that keep it to itself."""

from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Unknown

# MapLibre runs its workers from blobs and draws icons from data; everything else is our own.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self' blob:",
        "child-src blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}
NEVER = "no-store"
FOREVER = "public, max-age=31536000, immutable"
ASK = "no-cache"


class Headers:
    """Sets the headers of every answer: what holds a secret is never kept by a cache.

    Files under /assets carry their content's hash in their name and may be kept for ever.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", _caching(scope["path"], message["status"]))
            await send(message)

        await self._app(scope, receive, with_headers)


def _caching(path: str, status: int) -> str:
    if path.startswith("/v1/") or status >= 400:
        return NEVER
    return FOREVER if path.startswith("/assets/") else ASK


async def _not_a_page(request: Request) -> None:
    """An unknown address under /v1 is none, nor is a file whose name begins with a dot."""
    path = request.url.path
    if path.startswith("/v1/") or "/." in path:
        raise Unknown("no such address")


def serve_page(app: FastAPI, dist: Path | None) -> None:
    """Serve the built client at `/`; every unknown page address gives its index."""
    if dist is not None:
        page = APIRouter(dependencies=[Depends(_not_a_page)])
        page.frontend("/", directory=dist, fallback="index.html", check_dir=False)
        app.include_router(page)
