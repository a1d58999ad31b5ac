"""``callmood replay``: recordings become calls on the line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from prometheus_client import start_http_server

from streams.admin import broker_address, ensure_topics
from streams.cli.screen import progress
from streams.ingest.given_file import GivenFileError
from streams.ingest.playing import Given, PlayedCall, demo_calls, prepare
from streams.ingest.replay import Replay
from streams.settings import settings

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("calls", nargs=-1, type=FILE)
@click.option("--agent", type=FILE, help="The agent's side, where CALL is the customer's alone.")
@click.option("--transcript", type=FILE, help="JSON lines: speaker, start_ms, end_ms, text.")
@click.option("--sheet", type=FILE, help="The call's facts (call.json).")
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(0.1, 100))
@click.option("--calls", "copies", default=1, show_default=True, help="How many at once.")
@click.option("--call-id", help="Exactly this id; by default every replay is a new call.")
def replay(  # noqa: PLR0913  (one parameter an option)
    *,
    calls: tuple[Path, ...],
    agent: Path | None,
    transcript: Path | None,
    sheet: Path | None,
    speed: float,
    copies: int,
    call_id: str | None,
) -> None:
    """Play CALLs as if they happened now; without any, the two demo calls.

    A CALL is a WAV or FLAC file (stereo: agent left, customer right), or a folder with
    call.flac or call.wav, transcript.jsonl and call.json.
    """
    if len(calls) > 1 and (agent or transcript or sheet):
        message = "--agent, --transcript and --sheet belong to one CALL; use folders for several"
        raise click.UsageError(message)
    given = [Given(path, agent, transcript, sheet) for path in calls] or demo_calls()
    ready = prepare_all(given)
    play(name_all(ready, copies=copies, call_id=call_id), speed=speed)


def prepare_all(given: list[Given]) -> list[PlayedCall]:
    """Read all recordings; what cannot be read is one line, and nothing is played."""
    ready = []
    for one in given:
        try:
            call = prepare(one)
        except GivenFileError as error:
            raise click.ClickException(str(error)) from None
        for problem in call.problems:
            click.echo(f"warning: {problem}", err=True)
        if not call.sheet.analysis_consent:
            click.echo(f"warning: {call.name}: no consent to analysis; nothing is sent", err=True)
        ready.append(call)
    return ready


def name_all(
    ready: list[PlayedCall], *, copies: int = 1, call_id: str | None = None
) -> list[tuple[str, PlayedCall]]:
    """Give each call its id: new ones at every replay, so that it is a new call."""
    moment = datetime.now(UTC).strftime("%m%d-%H%M%S")
    named = []
    for call in ready:
        base = call_id or f"{call.name}.{moment}"
        ids = [base] if copies == 1 else [f"{base}.{n:03}" for n in range(1, copies + 1)]
        named += [(one, call) for one in ids]
    return named


def play(named: list[tuple[str, PlayedCall]], *, speed: float = 1.0) -> None:
    """Play them with a progress bar."""
    here = settings()
    broker = broker_address(here)
    ensure_topics(broker, here)
    start_http_server(here.gateway_metrics_port, addr=here.host)
    gateway = Replay(broker, here)
    try:
        with progress(f"playing {len(named)} call{'s' * (len(named) > 1)}") as show:
            played = gateway.play(named, speed=speed, progress=show)
    finally:
        gateway.close()
    first, *others = played.call_ids
    click.echo(f"played {first}" + (f" and {len(others)} more" if others else ""))
    click.echo(f"{played.messages} messages, at most {played.late_ms} ms late")
