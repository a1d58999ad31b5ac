"""What every request must pass: size, origin, and the headers that every answer carries."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

ANSWER_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Guards:
    """ASGI middleware: refuses large bodies and other sites' posts, adds security headers."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded = _with_headers(scope, send)
        refusal = _refusal(scope["method"], Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        if scope["method"] not in _CHANGING:
            await self._app(scope, receive, guarded)
            return
        body = await _body(receive)
        if body is None:
            await _too_large()(scope, receive, guarded)
        else:
            await self._app(scope, _replayed(body, receive), guarded)


def _refusal(method: str, headers: Headers) -> JSONResponse | None:
    if method not in _CHANGING:
        return None
    if not _same_origin(headers):
        reason = "This request came from another site; open the desk itself and try again."
        return JSONResponse({"detail": reason}, 403)
    length = headers.get("content-length", "0")
    return _too_large() if length.isdigit() and int(length) > MAX_BODY_BYTES else None


def _same_origin(headers: Headers) -> bool:
    """A browser says where a post comes from; what is no browser says nothing."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _too_large() -> JSONResponse:
    reason = f"The request's body is larger than {MAX_BODY_BYTES // 1024} KB."
    return JSONResponse({"detail": reason}, 413, {"Connection": "close"})


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or ``None`` where it goes on after `MAX_BODY_BYTES`."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replayed() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _with_headers(scope: Scope, send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if scope["path"].startswith("/static/"):
                headers["Cache-Control"] = "no-cache"  # asked again, answered 304
            for name, value in ANSWER_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return guarded
