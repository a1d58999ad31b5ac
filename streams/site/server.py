"""Serves the desk: takes its port at once, says when it answers, ends within seconds."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from detectors.errors import CallmoodError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from streams.site.hub import Hub

GRACE_S = 1
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104  (to name them)


class PortTakenError(CallmoodError):
    """Nothing can listen there. The text says what to do."""


def bind_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; port 0 is a free one.

    Raises:
        PortTakenError: somebody else listens there, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(256)
    except (OSError, OverflowError) as error:
        sock.close()
        message = (
            f"the desk cannot listen at {host}:{port} ({getattr(error, 'strerror', error)}): "
            "end what listens there, or choose another port with --port or CALLMOOD_PORT (0: any)"
        )
        raise PortTakenError(message) from None
    return sock


def build_url(sock: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = sock.getsockname()[:2]
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
