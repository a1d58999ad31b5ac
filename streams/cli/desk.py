"""``callmood desk``: the pages of agents, supervisors and trainers."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import click

from streams.cli.terminal import configure_logging
from streams.corrections.feature import CORRECTIONS
from streams.desk.feature import DESK
from streams.evidence.feature import EVIDENCE
from streams.kafka.admin import broker_address
from streams.playbook_pages.feature import RULES
from streams.settings import Settings, settings
from streams.site.app import Line, create_app, kafka_line
from streams.site.server import PortTakenError, bound_socket, serve, url_of
from streams.store.engine import StoreError

if TYPE_CHECKING:
    from fastapi import FastAPI

FEATURES = (DESK, CORRECTIONS, RULES, EVIDENCE)


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), help="Where to serve; 0: a free port.")
def desk(port: int | None) -> None:
    """Serve the desk: the agent's page, the trainers' queue, the playbooks, and the API.

    Without Kafka the pages stay up, say so, and go on when it is back.
    """
    here = settings()
    configure_logging(here.log_level)
    # aiokafka tells every failed attempt; the desk says once that Kafka is away, and when not.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        one = bound_socket(here.host, here.port if port is None else port)
        app = desk_app(here)
    except (PortTakenError, StoreError) as error:
        raise click.ClickException(str(error)) from None
    if not serve(app, one, ready=lambda: _say(url_of(one))):
        sys.exit(1)


def desk_app(here: Settings, *, line: Line | None = None) -> FastAPI:
    """The whole site: every feature, over Kafka unless another line is given."""
    over = line or kafka_line(broker_address(here), here)
    return create_app(here, features=FEATURES, line=over)


def _say(url: str) -> None:
    click.echo(f"desk: {url}")
    sys.stdout.flush()
