"""`callmood evaluate neutral`: do tones, music and echo raise the mood of neutral callers?"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from detectors.corpora.manifests import ManifestError, read_rows
from detectors.detector import UnusableUtteranceError
from detectors.evaluation.calls.neutral_callers import (
    CORPORA,
    LineCondition,
    NeutralCall,
    build_neutral_calls,
)
from detectors.mood import MoodLevel
from detectors.reading import Reading
from detectors.utterance import SAMPLE_RATE, Speaker, SpeakerBaseline, TimeSpan, Utterance
from detectors.voice.call_segmenter import CallSegmenter
from detectors.voice.speech_gate import SoundKind, SoundSpan, SpeechGate
from playbooks.events import CallStarted
from playbooks.files.loader import load_library
from streams.advise.call_state import AdviceState, advise
from streams.cli.evaluate_calls import load_detector, render
from streams.cli.evaluation_output import BAD_INPUT, check_writable, complain
from streams.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from detectors.detector import Detector
    from detectors.voice.call_segmenter import SegmenterResult
    from detectors.voice.endpointing import SpeechSegment
    from playbooks.engine.rulebook import Rulebook
    from playbooks.events import Event

REMINDERS = frozenset({"recording-notice", "identity-check", "anything-else", "long-silence"})
"""Playbooks about what the agent did not say: they fire in any call without words."""

CHUNK_SAMPLES = SAMPLE_RATE // 5


class _OpenGate(SpeechGate):
    """Lets everything through, as if there were none."""

    def split(self, pcm: NDArray[np.int16]) -> tuple[SoundSpan, ...]:
        return (SoundSpan(TimeSpan(0, pcm.size * 1_000 // SAMPLE_RATE), SoundKind.SPEECH),)


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What a call led to.

    Attributes:
        levels: that its mood had, calm ones left out.
        alerts: ids of the playbooks that fired, reminders left out.
        readings: of the customer's channel.
        read_ms: speech of the customer that was read.
    """

    levels: frozenset[MoodLevel]
    alerts: frozenset[str]
    readings: int
    read_ms: int


@click.command()
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the shared data.",
)
@click.option("--callers", default=50, show_default=True, type=click.IntRange(1, 500))
@click.option("--ungated", is_flag=True, help="Without speech gate and echo check, to compare.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=check_writable,
    help="Write the figures as JSON.",
)
def neutral(*, data: Path, callers: int, ungated: bool, json_path: Path | None) -> None:
    """Play neutral callers behind ring-back, hold music and echo; count what they set off.

    Two-channel calls strung together from neutral clips, through endpointing, speech gate, echo
    check, voice readings, mood and the library of playbooks. Every level and alert is a false one.
    """
    detector, rulebook = load_detector(), load_library()
    outcomes: dict[LineCondition, list[CallOutcome]] = defaultdict(list)
    with console.status("playing neutral callers ..."):
        for call in build_neutral_calls(data, _load_rows(data), callers=callers):
            outcomes[call.condition].append(_play(call, detector, rulebook, ungated=ungated))
    figures = [_summarise(condition, calls) for condition, calls in outcomes.items()]
    click.echo(render(_build_table(figures)))
    if json_path is not None:
        json_path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _load_rows(data: Path) -> list[Any]:
    columns = ["path", "corpus", "speaker", "emotion", "language"]
    try:
        return [
            row
            for corpus in CORPORA
            for row in read_rows(data / corpus / "manifest.csv", columns, complain)
        ]
    except ManifestError as error:
        complain(str(error))
        sys.exit(BAD_INPUT)


def _play(
    call: NeutralCall, detector: Detector[Utterance], rulebook: Rulebook, *, ungated: bool
) -> CallOutcome:
    state, levels, alerts, readings = AdviceState(), set(), set(), []
    for message_id, event in _events(call, detector, ungated=ungated):
        state, result = advise(state, event, message_id=message_id, rulebook=rulebook)
        alerts |= {alert.playbook_id for alert in result.alerts} - REMINDERS
        if result.mood is not None and result.mood.level is not MoodLevel.CALM:
            levels.add(result.mood.level)
        if isinstance(event, Reading):
            readings.append(event)
    read_ms = sum(reading.span.duration_ms for reading in readings)
    return CallOutcome(frozenset(levels), frozenset(alerts), len(readings), read_ms)


def _events(
    call: NeutralCall, detector: Detector[Utterance], *, ungated: bool
) -> Iterator[tuple[str, Event]]:
    """What a worker makes of the call's sound, in order, each with its message's id."""
    yield "call", CallStarted(call.name, language=call.language)
    segmenter = CallSegmenter(call.name, gate=_OpenGate({}) if ungated else None)
    baseline = SpeakerBaseline()
    for result in _results(segmenter, call):
        for turn in result.turns:
            yield turn.turn_id, turn
        for segment in result.customer_segments:
            reading = _read(call, segment, baseline, detector)
            if reading is not None:
                baseline = reading.baseline
                yield reading.reading_id, reading


def _results(segmenter: CallSegmenter, call: NeutralCall) -> Iterator[SegmenterResult]:
    samples = call.channels[Speaker.CUSTOMER].size
    for first in range(0, samples, CHUNK_SAMPLES):
        chunk = {
            speaker: pcm[first : first + CHUNK_SAMPLES] for speaker, pcm in call.channels.items()
        }
        yield segmenter.feed(first * 1_000 // SAMPLE_RATE, chunk)
    yield segmenter.finish()


def _read(
    call: NeutralCall,
    segment: SpeechSegment,
    baseline: SpeakerBaseline,
    detector: Detector[Utterance],
) -> Reading | None:
    utterance = Utterance(
        call_id=call.name,
        speaker=Speaker.CUSTOMER,
        span=segment.span,
        pcm=segment.pcm,
        language=call.language,
        baseline=baseline,
    )
    try:
        return detector.read(utterance)
    except UnusableUtteranceError:
        return None


def _summarise(condition: LineCondition, outcomes: Sequence[CallOutcome]) -> dict[str, Any]:
    return {
        "condition": condition.value,
        "calls": len(outcomes),
        "readings": sum(outcome.readings for outcome in outcomes),
        "read_s": sum(outcome.read_ms for outcome in outcomes) / 1_000,
        **{
            level.value: sum(level in outcome.levels for outcome in outcomes)
            for level in (MoodLevel.TENSE, MoodLevel.UPSET)
        },
        "alerts": sum(bool(outcome.alerts) for outcome in outcomes),
        "playbooks": sorted(frozenset().union(*(outcome.alerts for outcome in outcomes))),
    }


def _build_table(figures: Sequence[dict[str, Any]]) -> Table:
    columns = ("calls", "readings", "read s", "ever tense", "ever upset", "with alerts", "which")
    table = Table("", *columns, title="neutral callers: every level and alert is a false one")
    for row in figures:
        counts = (str(row[key]) for key in ("tense", "upset", "alerts"))
        read = str(row["calls"]), str(row["readings"]), f"{row['read_s']:.0f}"
        table.add_row(row["condition"], *read, *counts, ", ".join(row["playbooks"]))
    return table
