"""``callmood replay``: recordings become calls in the pipeline."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click
from kafka.errors import KafkaError

from streams.cli.interrupts import end_on_signals
from streams.cli.metrics_server import serve_metrics
from streams.cli.terminal import progress
from streams.ids import CALL_ID_PATTERN
from streams.ingest.caller_hash import build_caller_hasher
from streams.ingest.replay.channel_exchange import describe_exchange
from streams.ingest.replay.gateway import ReplayGateway
from streams.ingest.replay.played_call import ReplayCall, ReplayInput, demo_calls, load_call
from streams.kafka.admin import ensure_topics, require_broker
from streams.settings import Settings, settings

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from streams.ingest.replay.recording import Side

FILE = click.Path(path_type=Path)
KEEP_CLIPS = click.option(
    "--keep-clips",
    is_flag=True,
    help="The customer of a CALL without a call sheet agreed to it.",
)
MAX_COPIES = 10_000
MAX_ID_LENGTH = 128
"""Of `CALL_ID_PATTERN`."""


@click.command()
@click.argument("calls", nargs=-1, type=FILE)
@click.option("--agent", type=FILE, help="The agent's side, where CALL is the customer's alone.")
@click.option("--transcript", type=FILE, help="JSON lines: speaker, start_ms, end_ms, text.")
@click.option("--sheet", type=FILE, help="The call's facts (call.json).")
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0.1, 100))
@click.option(
    "--calls",
    "copies",
    default=1,
    show_default=True,
    type=click.IntRange(1, MAX_COPIES),
    help="How many of each at once.",
)
@click.option("--call-id", help="Exactly this id; by default every replay is a new call.")
@click.option("--caller", help="The number that CALL comes from; only its keyed hash travels.")
@click.option(
    "--customer-only", is_flag=True, help="Nobody but the customer is heard on a mono CALL."
)
@click.option(
    "--customer-channel",
    type=click.Choice(["left", "right"]),
    help="Where the customer is, whatever the call sheet says; right by default.",
)
@KEEP_CLIPS
def replay(  # noqa: PLR0913  (one parameter an option)
    *,
    calls: tuple[Path, ...],
    agent: Path | None,
    transcript: Path | None,
    sheet: Path | None,
    speed: float,
    copies: int,
    call_id: str | None,
    caller: str | None,
    customer_only: bool,
    customer_channel: Side | None,
    keep_clips: bool,
) -> None:
    """Play CALLs as if they happened now; without any, the two demo calls.

    A CALL is a recording (stereo: agent left, customer right; WAV, FLAC, MP3, Ogg, AIFF, AU or
    CAF), with NAME.jsonl (the transcript) and NAME.json (the call's facts) beside it if there; or
    a folder with call.flac (or another of these), transcript.jsonl and call.json. The agent is
    never emotion-scored, so a mono file needs --agent or --customer-only. callmood does not
    recognise speech: without a transcript only the voice is read. docs/recordings.md says what
    is in these files.
    """
    if len(calls) > 1 and (agent or transcript or sheet):
        message = "--agent, --transcript and --sheet belong to one CALL; use folders for several"
        raise click.UsageError(message)
    call_inputs = [
        ReplayInput(
            path,
            agent,
            transcript,
            sheet,
            customer_only=customer_only,
            keep_clips=keep_clips,
            customer_channel=customer_channel,
        )
        for path in calls
    ] or demo_calls()
    call_inputs = with_caller(call_inputs, caller)
    _check_call_id(call_id, calls=len(call_inputs) * copies)
    prepared = prepare_calls(call_inputs)
    end_on_signals()
    play(assign_call_ids(prepared, copies=copies, call_id=call_id), speed=speed)


def _check_call_id(call_id: str | None, *, calls: int) -> None:
    """Refuse an id that cannot be exactly one call's."""
    if call_id is None:
        return
    if calls > 1:
        message = f"--call-id is one call's id, and these are {calls} calls: leave it out"
        raise click.UsageError(message)
    if not re.fullmatch(CALL_ID_PATTERN, call_id):
        message = (
            f"--call-id {call_id!r} is no call id: up to {MAX_ID_LENGTH} letters, digits and "
            "._:@+-, the first a letter or a digit"
        )
        raise click.UsageError(message)


def with_caller(call_inputs: list[ReplayInput], caller: str | None) -> list[ReplayInput]:
    """The calls, coming from this number, where one is given."""
    return (
        call_inputs
        if caller is None
        else [replace(call_input, caller=caller) for call_input in call_inputs]
    )


def prepare_calls(call_inputs: list[ReplayInput]) -> list[ReplayCall]:
    """Read all recordings; what cannot be read is one line, and nothing is played."""
    hash_caller = build_caller_hasher(settings())
    prepared = []
    for call_input in call_inputs:
        call = load_call(call_input, hash_caller=hash_caller)
        for problem in call.problems:
            click.echo(f"warning: {problem}", err=True)
        if (exchange := describe_exchange(call)) is not None:
            click.secho(f"warning: {exchange}", err=True, bold=True)
        for hint in call.hints:
            click.echo(f"hint: {hint}", err=True)
        if not call.sheet.analysis_consent:
            click.echo(f"warning: {call.name}: no consent to analysis; nothing is sent", err=True)
        prepared.append(call)
    return prepared


def assign_call_ids(
    prepared: list[ReplayCall], *, copies: int = 1, call_id: str | None = None
) -> list[tuple[str, ReplayCall]]:
    """Give each call its id: new ones at every replay, so that it is a new call.

    No two share one, whatever their names are.
    """
    timestamp = datetime.now(UTC).strftime("%y%m%d-%H%M%S-%f")
    copy_endings = [f".{number:03}" for number in range(1, copies + 1)] if copies > 1 else [""]
    calls: dict[str, ReplayCall] = {}
    for call in prepared:
        for ending in copy_endings:
            suffix = ending if call_id else f".{timestamp}{ending}"
            calls[_unique_id(call_id or call.name, suffix, calls)] = call
    return list(calls.items())


def _unique_id(name: str, ending: str, taken: Container[str]) -> str:
    """An id of a valid length that begins with the name; a number tells namesakes apart."""
    endings = (ending if number == 1 else f"{ending}.{number}" for number in count(1))
    ids = (name[: MAX_ID_LENGTH - len(suffix)] + suffix for suffix in endings)
    return next(call_id for call_id in ids if call_id not in taken)


@contextmanager
def open_gateway(broker: str, config: Settings) -> Iterator[ReplayGateway]:
    """A gateway that is closed at the end.

    `ReplayGateway.play` returns when Kafka has everything. A Kafka that does not answer at the
    close as well is no news, and must not hide what broke the play off.
    """
    gateway = ReplayGateway(broker, config)
    try:
        yield gateway
    finally:
        with suppress(KafkaError):
            gateway.close()


def play(named_calls: list[tuple[str, ReplayCall]], *, speed: float = 1.0) -> None:
    """Play them with a progress bar."""
    config = settings()
    broker = require_broker(config)
    ensure_topics(broker, config, alter=False)
    serve_metrics(
        "replay",
        host=config.host,
        port=config.gateway_metrics_port,
        setting="CALLMOOD_GATEWAY_METRICS_PORT",
        to_stderr=True,
    )
    title = f"playing {len(named_calls)} call{'s' * (len(named_calls) > 1)}"
    with open_gateway(broker, config) as gateway, progress(title) as show:
        result = gateway.play(named_calls, speed=speed, progress=show)
    first, *others = result.call_ids
    click.echo(f"played {first}" + (f" and {len(others)} more" if others else ""))
    click.echo(f"{result.messages} messages, at most {result.max_delay_ms} ms late")
