"""`callmood evaluate calls`: does the mood stay calm in calm calls, and rise in angry ones?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from streams.cli.evaluation_output import BAD_INPUT, complain, writable
from streams.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from detectors.detector import Detector
    from detectors.evaluation.calls.playback import Course, Track
    from detectors.evaluation.calls.synthetic_calls import Strung
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
    help="A recording (WAV, FLAC); every channel is a voice. May be repeated.",
)
@click.option("--language", type=click.Choice(["ko", "en"]), default="en", show_default=True)
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=writable,
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
    detector = _detector()
    real = [*paths, *(sorted((data / "calls").glob("*.flac")) if data else [])]
    calm = _real(real, language, detector)
    angry: list[dict[str, Any]] = []
    if data is not None:
        more, angry = _made(data, detector)
        calm += more
    click.echo(_rendered(_calm_table(calm)))
    if angry:
        click.echo(_rendered(_angry_table(angry)))
    if json_path is not None:
        figures = {"calm": calm, "angry": angry}
        json_path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _detector() -> Detector[Utterance]:
    from detectors.detector import DetectorUnavailableError  # noqa: PLC0415
    from detectors.registry import voice_at  # noqa: PLC0415
    from streams.settings import settings  # noqa: PLC0415

    try:
        return voice_at(settings().voice).load()
    except DetectorUnavailableError as error:
        complain(str(error))
        sys.exit(1)


def _real(paths: Iterable[Path], language: str, detector: Any) -> list[dict[str, Any]]:
    from detectors.evaluation.calls.playback import play, summed  # noqa: PLC0415
    from detectors.evaluation.calls.synthetic_calls import TUNED_CALLS, Half  # noqa: PLC0415

    figures: list[dict[str, Any]] = []
    halves: dict[str, list[Course]] = {}
    for path in paths:
        half = Half.TUNED if path.stem in TUNED_CALLS else Half.KEPT
        for track in _tracks(path, language):
            course = play(track, detector)
            halves.setdefault(half, []).append(course)
            figures.append({"half": half, **summed(course.name, [course])})
    return figures + [
        {"half": half, **summed("real calls", courses)} for half, courses in halves.items()
    ]


def _tracks(path: Path, language: str) -> list[Track]:
    from detectors.evaluation.calls.playback import Track  # noqa: PLC0415
    from detectors.utterance import Language  # noqa: PLC0415
    from streams.ingest.replay.recording import RecordingError, open_recording  # noqa: PLC0415

    try:
        recording = open_recording(path, customer="left")
    except RecordingError as error:
        complain(str(error))
        sys.exit(BAD_INPUT)
    sides = ("left", "right") if len(recording.speakers) > 1 else ("",)
    return [
        Track(f"{path.stem} {side}".strip(), recording.samples[:, column], Language(language))
        for column, side in enumerate(sides)
    ]


def _made(data: Path, detector: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Play the strung calls; figures of the calm ones, and of the angry ones."""
    from detectors.evaluation.calls.playback import play, summed  # noqa: PLC0415
    from detectors.evaluation.calls.synthetic_calls import strung  # noqa: PLC0415

    with console.status("playing calls strung together ..."):
        played = [(call, play(call.track, detector)) for call in strung(data, _rows(data))]
    calm: list[dict[str, Any]] = []
    angry: list[dict[str, Any]] = []
    for corpus, half, theirs in _grouped(played):
        quiet = [course for call, course in theirs if call.angry_from_ms is None]
        calm.append({"half": half, **summed(f"{corpus}, calm", quiet)})
        angry += _angry_figures(corpus, half, theirs)
    return calm, angry


def _rows(data: Path) -> list[Any]:
    from detectors.corpora.manifests import ManifestError, rows  # noqa: PLC0415
    from detectors.evaluation.calls.synthetic_calls import CORPORA  # noqa: PLC0415

    needed = ["path", "corpus", "speaker", "emotion", "language"]
    try:
        return [
            row
            for corpus in CORPORA
            for row in rows(data / corpus / "manifest.csv", needed, complain)
        ]
    except ManifestError as error:
        complain(str(error))
        sys.exit(BAD_INPUT)


def _grouped(
    played: Sequence[tuple[Strung, Course]],
) -> list[tuple[str, str, list[tuple[Strung, Course]]]]:
    groups: dict[tuple[str, str], list[tuple[Strung, Course]]] = {}
    for call, course in played:
        groups.setdefault((call.corpus, call.half), []).append((call, course))
    return [(corpus, half, theirs) for (corpus, half), theirs in groups.items()]


def _angry_figures(
    corpus: str, half: str, theirs: Sequence[tuple[Strung, Course]]
) -> list[dict[str, Any]]:
    from detectors.evaluation.calls.synthetic_calls import found  # noqa: PLC0415

    seen = found(theirs)
    if not seen.calls:
        return []
    reached = {level.value: seen.reached(level) for level in seen.after}
    return [{"half": half, "name": corpus, "calls": seen.calls, "early": seen.early, **reached}]


def _calm_table(figures: Sequence[dict[str, Any]]) -> Table:
    table = Table("", "half", *_COLUMNS.values(), title="calm speech: every flag is a false one")
    for one in figures:
        values = (one[column] for column in _COLUMNS)
        table.add_row(one["name"], one["half"], *(f"{value:.0f}" for value in values))
    return table


def _angry_table(figures: Sequence[dict[str, Any]]) -> Table:
    columns = ("half", "calls", "flags before", "tense", "after", "upset", "after")
    table = Table("", *columns, title="anger after four calm utterances")
    for one in figures:
        cells = [cell for level in ("tense", "upset") for cell in _reached(one[level])]
        table.add_row(one["name"], one["half"], str(one["calls"]), str(one["early"]), *cells)
    return table


def _reached(delays: Sequence[int]) -> tuple[str, str]:
    """In how many calls, and after how many angry utterances: the median and the worst."""
    if not delays:
        return "0", "-"
    return str(len(delays)), f"{delays[len(delays) // 2]} (at most {delays[-1]})"


def _rendered(table: Table) -> str:
    with console.capture() as shown:
        console.print(table)
    return shown.get()
