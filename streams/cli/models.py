"""`callmood models`: which models there are, under which licence, and whether one holds."""

from __future__ import annotations

import multiprocessing
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from streams.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from detectors.registry import Registered
    from detectors.voice.external.conformance import Timing

LIMIT_S = 60.0


@click.group()
def models() -> None:
    """Show and check the models behind the readings."""


@models.command("list")
def list_models() -> None:
    """List the detectors with version, size, model card and licence."""
    from detectors.detector import DetectorUnavailableError  # noqa: PLC0415 - loads the runtime
    from detectors.registry import DETECTORS, voice_at  # noqa: PLC0415

    broken = False
    for entry in DETECTORS:
        try:
            _show(entry)
        except DetectorUnavailableError as error:
            click.echo(f"callmood models: {error}", err=True)
            broken = True
    try:
        chosen = voice_at(settings().voice)
        description = chosen.description()
        click.echo(
            f"voice in force: {description['name']} {description['version']} "
            f"({settings().voice or 'shipped'}); licence: {description['licence']}"
        )
    except DetectorUnavailableError as error:
        click.echo(f"callmood models: {error}", err=True)
        broken = True
    if broken:
        sys.exit(1)


def _show(entry: Registered) -> None:
    description = entry.description()
    size = entry.artifact.stat().st_size / 1e6
    click.echo(f"{entry.name}  {description['version']}  {entry.modality}  {size:.2f} MB")
    click.echo(f"  card: {entry.card.parent.name}/{entry.card.name}")
    click.echo(f"  licence: {description['licence']}")


@models.command()
@click.argument("path")
@click.option(
    "--limit-s",
    default=LIMIT_S,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="A check that takes longer has failed.",
)
def check(path: str, limit_s: float) -> None:
    """Try the voice model in PATH as `CALLMOOD_VOICE=onnx:PATH` would use it.

    Prints what every voice model must hold, ok or failed, and how long 3 s of speech take.
    Nothing that is read leaves this command; docs/own-voice-model.md explains each line.
    """
    from detectors.voice.external.conformance import CLAIMS, wording  # noqa: PLC0415 - loads numpy

    open_claims = [wording(claim) for claim in CLAIMS]
    faults = 0
    for found in _tried(path.removeprefix("onnx:"), limit_s):
        if isinstance(found, str):
            faults += 1
            _tell("failed", open_claims.pop(0) if open_claims else "Timing", found)
        elif isinstance(found, tuple):
            claim, fault = found
            open_claims.remove(claim)
            faults += bool(fault)
            _tell("failed" if fault else "ok", claim, fault)
        else:
            _tell("time", f"3 s of speech on one core: {_in_words(found)}")
    for claim in open_claims:
        _tell("not tried", claim)
    if faults:
        sys.exit(1)


def _tell(word: str, what: str, why: str = "") -> None:
    click.echo(f"{word:<10} {what}")
    if why:
        click.echo(f"{'':<10} {why}")


def _in_words(timing: Timing) -> str:
    return f"p50 {timing.p50_ms:.1f} ms, p99 {timing.p99_ms:.1f} ms ({timing.runs} runs)"


def _tried(path: str, limit_s: float) -> Iterator[tuple[str, str] | Timing | str]:
    """What another process finds: a model that hangs or crashes takes only that one along.

    Gives (claim, fault), at last the timing; a bare text tells that it had to be ended.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_try, args=(path, theirs), daemon=True)
    child.start()
    theirs.close()
    deadline = time.monotonic() + limit_s
    try:
        while ours.poll(max(0.0, deadline - time.monotonic())):
            found = ours.recv()
            if found is None:
                return
            yield found
        yield f"not done within {limit_s:g} s"
    except EOFError:
        child.join()
        yield f"the model ended its process (status {child.exitcode})"
    finally:
        child.kill()
        child.join()


def _try(path: str, answers: Connection) -> None:
    """Go through the claims and the timing; runs in a process of its own."""
    from detectors.registry import voice_at  # noqa: PLC0415
    from detectors.voice.external.conformance import failures, timed  # noqa: PLC0415

    def load() -> Any:
        return voice_at(f"onnx:{path}").load()

    faults = []
    for claim, fault in failures(load, time.perf_counter):
        faults.append(fault)
        answers.send((claim, fault))
    if not any(faults):
        answers.send(timed(load(), time.perf_counter))
    answers.send(None)
