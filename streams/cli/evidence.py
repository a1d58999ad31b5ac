"""``callmood evidence``: check sealed bundles, and seal a call without the desk."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy import make_url, select
from sqlalchemy.exc import ArgumentError

from streams.evidence.seal import SealRequest
from streams.evidence.seal_requests import seal_and_publish
from streams.evidence.verify import VerificationResult, verify
from streams.kafka.admin import broker_address
from streams.kafka.connection import KafkaConnection
from streams.settings import Settings, settings
from streams.site.kafka_sender import KafkaSender
from streams.store.engine import StoreError, open_store
from streams.store.tables import SEALS

if TYPE_CHECKING:
    from streams.messages.evidence import EvidenceSeal

CHANGED, REFUSED, NOT_COMPARED = 1, 2, 3


@click.group()
def evidence() -> None:
    """Sealed evidence of calls: is a bundle unchanged? Seal one."""


@evidence.command("verify")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--sha256", "known", default="", help="The hash it must have, from seals.v1.")
def verify_file(file: Path, known: str) -> None:
    """Check every file of a bundle, and its hash against the known one.

    Known is what --sha256 says, else what the database wrote down when the bundle was sealed.
    Ends with 1 if anything was changed or packed anew, with 2 if it is no bundle at all, with 3
    if the database could not be asked for the hash.
    """
    verdict = verify(file)
    try:
        problems = [*verdict.problems, *_compare_hash(verdict, known, settings())]
    except StoreError as error:
        for problem in verdict.problems:
            click.echo(f"{file}: {problem}", err=True)
        click.echo(f"{file}: its hash was not compared: {error}", err=True)
        sys.exit(CHANGED if verdict.problems else NOT_COMPARED)
    for problem in problems:
        click.echo(f"{file}: {problem}", err=True)
    if problems:
        sys.exit(CHANGED if verdict.record is not None else REFUSED)
    assert verdict.record is not None  # noqa: S101  (without one there is a problem)
    call, when = verdict.record.call.call_id, verdict.record.sealed.at
    what = f"{call}, sealed {when:%Y-%m-%d %H:%M:%S %Z}, {verdict.file_count} files"
    click.echo(f"{file}: unchanged: {what}")
    click.echo(f"sha256 {verdict.sha256}")


@evidence.command("seal")
@click.argument("call_id")
@click.option("--by", default="", help="Who seals it; written into the bundle.")
def seal_call(call_id: str, by: str) -> None:
    """Seal what is known of a call now, as a supervisor."""
    config = settings()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    bundle = asyncio.run(_seal(call_id, by, config))
    click.echo(config.evidence / bundle.file)
    click.echo(f"sha256 {bundle.sha256}")


async def _seal(call_id: str, by: str, config: Settings) -> EvidenceSeal:
    request = SealRequest(call_id=call_id, sealed_by=by, role="supervisor")
    store = open_store(config.database_url)
    sender = KafkaSender(KafkaConnection.from_settings(broker_address(config), config))
    try:
        return await seal_and_publish(request, store=store, settings=config, sender=sender)
    finally:
        await sender.close()
        store.close()


def _compare_hash(verdict: VerificationResult, known_sha256: str, config: Settings) -> list[str]:
    """Whether the hash is the one that was written down outside the file."""
    if verdict.record is None:
        return []
    if known_sha256:
        expected = known_sha256.strip().lower()
        if re.fullmatch("[0-9a-f]{64}", expected) is None:
            return ["--sha256 takes 64 hexadecimal digits"]
        return (
            [] if expected == verdict.sha256 else [f"its hash is {verdict.sha256}, not {expected}"]
        )
    if not _has_database(config):
        click.echo("no database here: its hash was not compared; give it with --sha256", err=True)
        return []
    hashes = _load_sealed_hashes(verdict.record.call.call_id, config)
    if verdict.sha256 in hashes:
        return []
    return [f"its hash {verdict.sha256} is none of the {len(hashes)} sealed for its call"]


def _has_database(config: Settings) -> bool:
    """Whether there is one: looking must not make one."""
    try:
        url = make_url(config.database_url)
    except ArgumentError:
        return True  # opening it says what is wrong
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def _load_sealed_hashes(call_id: str, config: Settings) -> set[str]:
    store = open_store(config.database_url)
    try:
        with store.engine.connect() as connection:
            query = select(SEALS.c.sha256).where(SEALS.c.call_id == call_id)
            return set(connection.scalars(query))
    finally:
        store.close()
