"""`callmood models check`: does a voice model hold what every voice model must hold?"""

from __future__ import annotations

import multiprocessing
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from detectors.registry import find_voice_detector
from detectors.voice.external.conformance import (
    CLAIMS,
    describe_claim,
    measure_timing,
    run_claims,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from detectors.voice.external.conformance import Timing

LIMIT_S = 60.0


@click.command()
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
    pending_claims = [describe_claim(claim) for claim in CLAIMS]
    faults = 0
    for result in _run_checks(path.removeprefix("onnx:"), limit_s):
        if isinstance(result, str):
            faults += 1
            _print_line("failed", pending_claims.pop(0) if pending_claims else "Timing", result)
        elif isinstance(result, tuple):
            claim, fault = result
            pending_claims.remove(claim)
            faults += bool(fault)
            _print_line("failed" if fault else "ok", claim, fault)
        else:
            _print_line("time", f"3 s of speech on one core: {_format_timing(result)}")
    for claim in pending_claims:
        _print_line("not tried", claim)
    if faults:
        sys.exit(1)


def _print_line(status: str, what: str, why: str = "") -> None:
    click.echo(f"{status:<10} {what}")
    if why:
        click.echo(f"{'':<10} {why}")


def _format_timing(timing: Timing) -> str:
    return f"p50 {timing.p50_ms:.1f} ms, p99 {timing.p99_ms:.1f} ms ({timing.runs} runs)"


def _run_checks(path: str, limit_s: float) -> Iterator[tuple[str, str] | Timing | str]:
    """What another process finds: a model that hangs or crashes takes only that one along.

    Gives (claim, fault), at last the timing; a bare text tells that it had to be ended.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_check_model, args=(path, sender), daemon=True)
    child.start()
    sender.close()
    deadline = time.monotonic() + limit_s
    try:
        while receiver.poll(max(0.0, deadline - time.monotonic())):
            result = receiver.recv()
            if result is None:
                return
            yield result
        yield f"not done within {limit_s:g} s"
    except EOFError:
        child.join()
        yield f"the model ended its process (status {child.exitcode})"
    finally:
        child.kill()
        child.join()


def _check_model(path: str, results: Connection) -> None:
    """Go through the claims and the timing; runs in a process of its own."""

    def load() -> Any:
        return find_voice_detector(f"onnx:{path}").load()

    faults = []
    for claim, fault in run_claims(load, time.perf_counter):
        faults.append(fault)
        results.send((claim, fault))
    if not any(faults):
        results.send(measure_timing(load(), time.perf_counter))
    results.send(None)
