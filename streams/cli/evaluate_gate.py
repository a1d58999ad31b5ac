"""`callmood evaluate gate`: what the speech gate keeps out, and what speech it keeps."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.progress import Progress
from rich.table import Table

from detectors.corpora.corpora import TEST_FOLD, Clip, CorpusError, load_clips, load_sound
from detectors.detector import DetectorUnavailableError
from detectors.evaluation.gate.sound_trial import SoundFigures, try_sounds
from detectors.evaluation.gate.speech_trial import (
    CONDITIONS,
    MANNERS,
    SpeechRecall,
    group_verdicts,
    measure_recall,
    try_speech,
)
from detectors.voice.speech_gate import load_speech_gate
from streams.cli.evaluation_output import BAD_INPUT, DATA, check_writable, complain
from streams.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.voice.speech_gate import SpeechGate

MANNER_STEP = 3
"""Every third clip of the new speakers is made over: that takes longer than all the rest."""

MAX_NAMES = 20
"""Names of clips that lost an utterance, printed at most."""


@click.command()
@DATA
@click.option(
    "--clips",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1_000),
    help="Clips of each kind of sound.",
)
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False),
    callback=check_writable, help="Write the figures as JSON.",
)  # fmt: skip
def gate(*, data: Path, clips: int, json_path: Path | None) -> None:
    """Measure the speech gate on sounds made here, and on the corpora's speech.

    Sounds: in how many clips, and for how long, anything is speech to voice activity alone and
    behind the gate. Speech: which share of the utterances that voice activity finds is kept,
    clean and with noise 15 dB below; with 95% intervals from resampled speakers.
    """
    try:
        speech_gate = load_speech_gate()
        speech = load_clips(data)
        sung = [load_sound(clip.path) for clip in speech if clip.fold == TEST_FOLD]
    except (CorpusError, DetectorUnavailableError) as error:
        complain(str(error))
        sys.exit(BAD_INPUT)
    with console.status("making sounds ..."):
        sounds = list(try_sounds(speech_gate, sung, clips))
    shares = _measure_speech(speech_gate, speech)
    click.echo(_render(_build_sound_table(sounds)))
    click.echo(_render(_build_speech_table(shares)))
    for condition, share in shares:
        if share.lost and condition == CONDITIONS[0] and "," not in share.name:
            names = ", ".join(share.lost[:MAX_NAMES])
            click.echo(f"{condition}, {share.name}: lost in {names}")
    if json_path is not None:
        json_path.write_text(json.dumps(_figures(sounds, shares), indent=2) + "\n", "utf-8")


def _measure_speech(
    speech_gate: SpeechGate, clips: Sequence[Clip]
) -> list[tuple[str, SpeechRecall]]:
    shares: list[tuple[str, SpeechRecall]] = []
    new_speakers = [clip for clip in clips if clip.fold == TEST_FOLD][::MANNER_STEP]
    with Progress(console=console, transient=True) as bars:
        for condition in CONDITIONS:
            task = bars.add_task(condition, total=len(clips))
            step = partial(bars.advance, task)
            verdicts = list(try_speech(speech_gate, clips, condition, step))
            shares += [(condition, share) for share in group_verdicts(verdicts)]
        for manner in MANNERS:
            task = bars.add_task(manner, total=len(new_speakers))
            step = partial(bars.advance, task)
            verdicts = list(try_speech(speech_gate, new_speakers, manner, step))
            shares.append((manner, measure_recall("all, new speakers", verdicts)))
    return shares


def _build_sound_table(sounds: Sequence[SoundFigures]) -> Table:
    table = Table(
        "kind", "sound", "taught", "clips", "as speech before", "after", "speech s before", "after",
        title="sounds without speech: read as speech before and behind the gate",
    )  # fmt: skip
    for row in [*sounds, *_sum_sounds(sounds)]:
        table.add_row(
            row.kind, row.name, "yes" if row.taught else "no", str(row.clips),
            f"{row.clips_before / row.clips:.0%}", f"{row.clips_after / row.clips:.0%}",
            f"{row.speech_s_before:.0f}", f"{row.speech_s_after:.1f}",
        )  # fmt: skip
    return table


def _sum_sounds(sounds: Sequence[SoundFigures]) -> list[SoundFigures]:
    groups: dict[tuple[Any, bool], list[SoundFigures]] = {}
    for row in sounds:
        groups.setdefault((row.kind, row.taught), []).append(row)
    return [
        SoundFigures(
            f"ALL of {len(rows)}", kind, taught,
            sum(row.clips for row in rows), sum(row.seconds for row in rows),
            sum(row.clips_before for row in rows), sum(row.clips_after for row in rows),
            sum(row.speech_s_before for row in rows), sum(row.speech_s_after for row in rows),
        )
        for (kind, taught), rows in groups.items()
    ]  # fmt: skip


def _build_speech_table(shares: Sequence[tuple[str, SpeechRecall]]) -> Table:
    table = Table("speech", "condition", "utterances", "speakers", "kept", title="speech kept")
    for condition, share in shares:
        interval = share.interval
        limits = f" [{interval.low:.3f}, {interval.high:.3f}]" if interval.is_defined else ""
        table.add_row(
            share.name, condition, str(share.utterances), str(share.speakers),
            f"{share.ratio:.4f}{limits}",
        )  # fmt: skip
    return table


def _figures(
    sounds: Sequence[SoundFigures], shares: Sequence[tuple[str, SpeechRecall]]
) -> dict[str, Any]:
    return {
        "sounds": [row.as_json() for row in sounds],
        "speech": [
            {
                "name": share.name, "condition": condition, "utterances": share.utterances,
                "speakers": share.speakers, "kept": share.ratio,
                "low": share.interval.low, "high": share.interval.high, "lost": list(share.lost),
            }
            for condition, share in shares
        ],
    }  # fmt: skip


def _render(table: Table) -> str:
    with console.capture() as capture:
        console.print(table)
    return capture.get()
