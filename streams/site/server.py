"""Serves the desk: takes its port at once, says when it answers, ends within seconds."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http.client
import json
import signal
import socket
import threading
import urllib.request
from typing import TYPE_CHECKING

import uvicorn

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from streams.site.hub import Hub

GRACE_S = 1
PROBE_TIMEOUT_S = 2.0
PROBE_BYTES = 1_000
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Past any proxy: what is asked is this machine."""

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104  (to name them)


class PortInUseError(CallmoodError):
    """Nothing can listen there. The text says what to do."""


def bind_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; port 0 is a free one.

    Raises:
        PortTakenError: somebody else listens there, or the address is not of this machine.
            Where the other one is a desk of ours, its address is in the text.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(256)
    except (OSError, OverflowError) as error:
        sock.close()
        raise PortInUseError(_describe_bind_error(host, port, error)) from None
    return sock


def _describe_bind_error(host: str, port: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE and is_desk(url := _format_url(host, port)):
        return (
            f"already running here: a desk of callmood is at {url}; use it, or end it first, or "
            "start a second one with a CALLMOOD_HOME and a CALLMOOD_PORT of its own (0: a free one)"
        )
    reason = getattr(error, "strerror", None) or error
    remedy = "end what listens there, or choose another port with --port or CALLMOOD_PORT (0: any)"
    if isinstance(error, socket.gaierror) or number == errno.EADDRNOTAVAIL:
        remedy = "set CALLMOOD_HOST to an address of this machine (127.0.0.1, or 0.0.0.0 for all)"
    elif number == errno.EACCES:
        remedy = "ports below 1024 are the system's: choose another with --port or CALLMOOD_PORT"
    return f"the desk cannot listen at {host}:{port} ({reason}): {remedy}"


def is_desk(url: str) -> bool:
    """Whether a desk of callmood answers there, within `PROBE_TIMEOUT_S`."""
    try:
        with _DIRECT.open(f"{url}/healthz", timeout=PROBE_TIMEOUT_S) as answer:
            health = json.loads(answer.read(PROBE_BYTES))
    except (OSError, ValueError, http.client.HTTPException):
        return False
    return isinstance(health, dict) and {"status", "line"} <= health.keys()


def build_url(sock: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = sock.getsockname()[:2]
    return _format_url(host, port)


def _format_url(host: str, port: int) -> str:
    url_host = WILDCARDS.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{url_host}:{port}"


class DeskServer(uvicorn.Server):
    """A uvicorn server that lets live pages go before it waits for connections to end."""

    def __init__(self, app: FastAPI, *, on_ready: Callable[[], None]) -> None:
        """Serve ``app``; ``on_ready`` is called once it answers."""
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
            lifespan="on",
        )
        super().__init__(config)
        self._hub: Hub = app.state.hub
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams first: they would never end by themselves."""
        self._hub.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM, and return: a clean end is no error."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)


def serve(app: FastAPI, sock: socket.socket, *, on_ready: Callable[[], None]) -> bool:
    """Serve until SIGINT or SIGTERM; whether it had started at all."""
    server = DeskServer(app, on_ready=on_ready)
    asyncio.run(server.serve(sockets=[sock]))
    return server.started
