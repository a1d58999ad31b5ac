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
from streams.site.app import KafkaLink, create_app, kafka_link
from streams.site.server import PortInUseError, bind_socket, build_url, serve
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
    config = settings()
    configure_logging(config.log_level)
    # aiokafka tells every failed attempt; the desk says once that Kafka is away, and when not.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        sock = bind_socket(config.host, config.port if port is None else port)
        app = desk_app(config, address=build_url(sock))
    except (PortInUseError, StoreError) as error:
        raise click.ClickException(str(error)) from None
    if not serve(app, sock, on_ready=lambda: _print_url(build_url(sock))):
        sys.exit(1)


def desk_app(
    config: Settings, *, link: KafkaLink | None = None, address: str | None = None
) -> FastAPI:
    """The whole site: every feature, over Kafka unless another link is given.

    Args:
        config: of this process.
        link: to something else than Kafka.
        address: where it will answer: no second desk opens the database then.
    """
    link = link or kafka_link(broker_address(config), config)
    return create_app(config, features=FEATURES, link=link, address=address)


def _print_url(url: str) -> None:
    click.echo(f"desk: {url}")
    sys.stdout.flush()
