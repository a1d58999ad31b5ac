"""What every request must pass: host, origin, size, and the headers every answer carries."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from streams.settings import Settings

MAX_BODY_BYTES = 64 * 1024
_UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

RESPONSE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Guards:
    """ASGI middleware: refuses foreign hosts, other sites' posts, large bodies; adds headers."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str]) -> None:
        """Guard an application that answers to ``hosts`` (`parse_allowed_hosts`)."""
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send_with_headers = _with_headers(scope, send)
        headers = Headers(scope=scope)
        refusal = _refuse_foreign_host(headers, self._hosts) or _refuse_unsafe_request(
            scope["method"], headers
        )
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        if scope["method"] not in _UNSAFE_METHODS:
            await self._app(scope, receive, send_with_headers)
            return
        body = await _read_body(receive)
        if body is None:
            await _too_large_response()(scope, receive, send_with_headers)
        else:
            await self._app(scope, _replay_body(body, receive), send_with_headers)


def parse_allowed_hosts(settings: Settings) -> frozenset[str]:
    """The names a desk answers to, besides localhost and addresses."""
    names = [settings.host, *settings.allowed_hosts.split(",")]
    return frozenset(name.strip().lower().rstrip(".") for name in names) - {""}


def _refuse_foreign_host(headers: Headers, hosts: Collection[str]) -> JSONResponse | None:
    """Refuse a name that is not ours: another site may have let it point here (DNS rebinding)."""
    host = headers.get("host", "")
    name = _strip_port(host)
    if name in hosts or name == "localhost" or name.endswith(".localhost") or _is_address(name):
        return None
    reason = f"The desk does not answer to {host[:100]!r}; name it in CALLMOOD_ALLOWED_HOSTS."
    return JSONResponse({"detail": reason}, 421)


def _strip_port(host: str) -> str:
    """A Host header without its port, and without the brackets of IPv6."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().rstrip(".")


def _is_address(name: str) -> bool:
    """An address was not looked up, so nobody can have let it point elsewhere."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _refuse_unsafe_request(method: str, headers: Headers) -> JSONResponse | None:
    if method not in _UNSAFE_METHODS:
        return None
    if not _is_same_origin(headers):
        reason = "This request came from another site; open the desk itself and try again."
        return JSONResponse({"detail": reason}, 403)
    length = headers.get("content-length", "0")
    return _too_large_response() if length.isdigit() and int(length) > MAX_BODY_BYTES else None


def _is_same_origin(headers: Headers) -> bool:
    """A browser says where a post comes from; what is no browser says nothing."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _too_large_response() -> JSONResponse:
    reason = f"The request's body is larger than {MAX_BODY_BYTES // 1024} KB."
    return JSONResponse({"detail": reason}, 413, {"Connection": "close"})


async def _read_body(receive: Receive) -> bytes | None:
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


def _replay_body(body: bytes, receive: Receive) -> Receive:
    is_replayed = False

    async def replay() -> Message:
        nonlocal is_replayed
        if is_replayed:
            return await receive()
        is_replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _with_headers(scope: Scope, send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if scope["path"].startswith("/static/"):
                headers["Cache-Control"] = "no-cache"  # asked again, answered 304
            for name, value in RESPONSE_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
