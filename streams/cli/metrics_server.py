"""Where a process of ours shows its figures to Prometheus."""

from __future__ import annotations

import errno

import click
from prometheus_client import start_http_server

from detectors.errors import CallmoodError


def serve_metrics(
    name: str, *, host: str, port: int, setting: str, to_stderr: bool = False
) -> None:
    """Serve ``/metrics`` from a thread, and print where.

    Args:
        name: of the process, for the line that is printed.
        host: an address of this machine.
        port: 0 is a free one.
        setting: the one that chooses the port, for the refusal.
        to_stderr: print it there, where the standard output is for results.

    Raises:
        CallmoodError: somebody else listens there.
    """
    try:
        server, _ = start_http_server(port, addr=host)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        message = (
            f"port {port} is taken by another program: set {setting} to another (0: a free one)"
        )
        raise CallmoodError(message) from None
    click.echo(f"{name}: metrics at http://{host}:{server.server_port}/metrics", err=to_stderr)
