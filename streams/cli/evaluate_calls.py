"""`callmood evaluate calls`: does the mood stay calm in calm calls, and rise in angry ones?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from detectors.corpora.manifests import ManifestError, read_rows
from detectors.detector import DetectorUnavailableError
from detectors.evaluation.calls.playback import Track, play, summarise_trajectories
from detectors.evaluation.calls.synthetic_calls import (
    CORPORA,
    TUNING_CALLS,
    Half,
    build_synthetic_calls,
    summarise_angry_calls,
)
from detectors.registry import find_voice_detector
from detectors.utterance import Language
from streams.cli.evaluation_output import BAD_INPUT, check_writable, complain
from streams.cli.terminal import console
from streams.ingest.replay.input_file import RecordingError
from streams.ingest.replay.recording import open_recording
from streams.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.detector import Detector
    from detectors.evaluation.calls.playback import MoodTrajectory
    from detectors.evaluation.calls.synthetic_calls import SyntheticCall
    from detectors.utterance import Utterance

_COLUMNS = {
    "call_s": "call s",
    "speech_s": "speech s",
    "utterances": "utterances",
    "readings": "read",
    "abstained": "abstained",
    "calm_s": "calm s",
    "tense_s": "tense s",
    "upset_s": "upset s",
    "changes": "changes",
    "flags": "flags",
    "flags_per_speech_hour": "flags / h speech",
    "flags_per_call_hour": "flags / h call",
}


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the shared data: its real calls, and calls strung together from its corpora.",
)
@click.option(
    "--call",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A recording (WAV, FLAC, MP3 ...); every channel is a voice. May be repeated.",
)
@click.option("--language", type=click.Choice(["ko", "en"]), default="en", show_default=True)
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=check_writable,
    help="Write the figures as JSON.",
)
def calls(
    *, data: Path | None, paths: tuple[Path, ...], language: str, json_path: Path | None
) -> None:
    """Play whole calls to the voice detector and count how often the mood's level rises.

    Every voice counts as a customer's. In calm calls each rise ("flag") is a false one. With
    --data, also calls made of held-out clips: calm ones, and four calm utterances before angry
    ones. "tuned" is what the thresholds were set on, "kept" is what they were not.
    """
    if data is None and not paths:
        complain("nothing to play: give --data DIR or --call FILE")
        sys.exit(BAD_INPUT)
    detector = load_detector()
    recordings = [*paths, *(sorted((data / "calls").glob("*.flac")) if data else [])]
    calm = _play_recordings(recordings, language, detector)
    angry: list[dict[str, Any]] = []
    if data is not None:
        synthetic, angry = _play_synthetic_calls(data, detector)
        calm += synthetic
    click.echo(render(_build_calm_table(calm)))
    if angry:
        click.echo(render(_build_angry_table(angry)))
    if json_path is not None:
        figures = {"calm": calm, "angry": angry}
        json_path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def load_detector() -> Detector[Utterance]:
    """The site's voice detector; ends the command with one line where it cannot be loaded."""
    try:
        return find_voice_detector(settings().voice).load()
    except DetectorUnavailableError as error:
        complain(str(error))
        sys.exit(1)


def _play_recordings(paths: Iterable[Path], language: str, detector: Any) -> list[dict[str, Any]]:
    figures: list[dict[str, Any]] = []
    courses_by_half: dict[str, list[MoodTrajectory]] = {}
    for path in paths:
        half = Half.TUNING if path.stem in TUNING_CALLS else Half.HELD_OUT
        for track in _load_tracks(path, language):
            course = play(track, detector)
            courses_by_half.setdefault(half, []).append(course)
            figures.append({"half": half, **summarise_trajectories(course.name, [course])})
    return figures + [
        {"half": half, **summarise_trajectories("real calls", courses)}
        for half, courses in courses_by_half.items()
    ]


def _load_tracks(path: Path, language: str) -> list[Track]:
    try:
        recording = open_recording(path, customer_side="left")
    except RecordingError as error:
        complain(str(error))
        sys.exit(BAD_INPUT)
    sides = ("left", "right") if len(recording.speakers) > 1 else ("",)
    return [
        Track(f"{path.stem} {side}".strip(), recording.samples[:, column], Language(language))
        for column, side in enumerate(sides)
    ]


def _play_synthetic_calls(
    data: Path, detector: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Play the strung calls; figures of the calm ones, and of the angry ones."""
    with console.status("playing calls strung together ..."):
        played_calls = [
            (call, play(call.track, detector))
            for call in build_synthetic_calls(data, _load_rows(data))
        ]
    calm: list[dict[str, Any]] = []
    angry: list[dict[str, Any]] = []
    for corpus, half, group in _group_by_corpus(played_calls):
        calm_courses = [course for call, course in group if call.angry_from_ms is None]
        calm.append({"half": half, **summarise_trajectories(f"{corpus}, calm", calm_courses)})
        angry += _angry_figures(corpus, half, group)
    return calm, angry


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


def _group_by_corpus(
    played_calls: Sequence[tuple[SyntheticCall, MoodTrajectory]],
) -> list[tuple[str, str, list[tuple[SyntheticCall, MoodTrajectory]]]]:
    groups: dict[tuple[str, str], list[tuple[SyntheticCall, MoodTrajectory]]] = {}
    for call, course in played_calls:
        groups.setdefault((call.corpus, call.half), []).append((call, course))
    return [(corpus, half, group) for (corpus, half), group in groups.items()]


def _angry_figures(
    corpus: str, half: str, group: Sequence[tuple[SyntheticCall, MoodTrajectory]]
) -> list[dict[str, Any]]:
    summary = summarise_angry_calls(group)
    if not summary.calls:
        return []
    delays = {level.value: summary.sorted_delays(level) for level in summary.delays_by_level}
    return [
        {
            "half": half,
            "name": corpus,
            "calls": summary.calls,
            "early": summary.early_flags,
            **delays,
        }
    ]


def _build_calm_table(figures: Sequence[dict[str, Any]]) -> Table:
    table = Table("", "half", *_COLUMNS.values(), title="calm speech: every flag is a false one")
    for row in figures:
        values = (row[column] for column in _COLUMNS)
        table.add_row(row["name"], row["half"], *(f"{value:.0f}" for value in values))
    return table


def _build_angry_table(figures: Sequence[dict[str, Any]]) -> Table:
    columns = ("half", "calls", "flags before", "tense", "after", "upset", "after")
    table = Table("", *columns, title="anger after four calm utterances")
    for row in figures:
        cells = [cell for level in ("tense", "upset") for cell in _delay_cells(row[level])]
        table.add_row(row["name"], row["half"], str(row["calls"]), str(row["early"]), *cells)
    return table


def _delay_cells(delays: Sequence[int]) -> tuple[str, str]:
    """In how many calls, and after how many angry utterances: the median and the worst."""
    if not delays:
        return "0", "-"
    return str(len(delays)), f"{delays[len(delays) // 2]} (at most {delays[-1]})"


def render(table: Table) -> str:
    """A table as the terminal shows it."""
    with console.capture() as capture:
        console.print(table)
    return capture.get()
