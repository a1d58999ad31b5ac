"""Where the local Kafka is told to be found: one file in its home, there while it runs.

Its port is a free one as a rule, so that other commands could not know it otherwise.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from kafka.protocol.metadata import ApiVersionsRequest

if TYPE_CHECKING:
    from pathlib import Path

FILE = "address"
ANSWER_S = 5.0


def publish(home: Path, address: str) -> None:
    """Write the address down; the whole of it or nothing, as others may be looking."""
    partial = home / f"{FILE}.{os.getpid()}.part"
    partial.write_text(f"{address}\n", encoding="utf-8")
    partial.replace(home / FILE)


def withdraw(home: Path, address: str) -> None:
    """Remove it, unless another broker's has taken its place."""
    if read(home) == address:
        (home / FILE).unlink(missing_ok=True)


def find_running_broker(home: Path) -> str:
    """The address of the Kafka that runs on ``home``; empty: none does.

    What a crash left behind counts as none: nobody answers there.
    """
    host, _, port = read(home).rpartition(":")
    is_valid = bool(host) and port.isascii() and port.isdigit()
    return f"{host}:{port}" if is_valid and is_answering(host, int(port)) else ""


def is_refused(address: str) -> bool:
    """Whether nobody listens there: known at once, unlike that somebody is slow."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def is_answering(host: str, port: int) -> bool:
    """Whether it answers Kafka's ApiVersions request, not only the connection.

    Asked on a plain socket, because a client would look for a whole cluster, and try again: this
    is only ever a Kafka of our own, which takes plain connections.
    """
    try:
        with socket.create_connection((host, port), timeout=ANSWER_S) as connection:
            connection.sendall(_encode_api_versions_request())
            return bool(connection.recv(4))
    except (OSError, OverflowError):  # a port of six digits overflows
        return False


def _encode_api_versions_request() -> bytes:
    request = ApiVersionsRequest(version=0)
    request.with_header(correlation_id=1, client_id="callmood")
    return bytes(request.encode(header=True, framed=True))


def read(home: Path) -> str:
    """What the file says, true or not; empty: there is none."""
    try:
        return (home / FILE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
