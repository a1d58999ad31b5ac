"""Reading a whole manifest with a shipped detector. No torch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from detectors.corpora.corpora import CorpusError, load_sound
from detectors.corpora.telephone_channel import Codec, apply_codec
from detectors.detector import UnusableUtteranceError
from detectors.evaluation.clip_order import mark_from_nth
from detectors.evaluation.scored_item import ScoredItem, SpeakerInfo, label_names, parse_labels
from detectors.labels import EMOTIONS
from detectors.utterance import (
    CONTEXT_LINES,
    SAMPLE_RATE,
    Language,
    Speaker,
    SpeakerBaseline,
    TimeSpan,
    TranscriptLine,
    Utterance,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from detectors.corpora.manifests import ManifestRow
    from detectors.detector import Detector
    from detectors.reading import Reading
    from detectors.text.model import Taxonomy, TextEmotion

CALL_ID = "evaluation"


def read_voice(  # noqa: PLR0913 - what a person may ask for on the command line
    rows: Iterable[ManifestRow],
    detector: Detector[Utterance],
    root: Path,
    *,
    codec: Codec,
    in_order: bool,
    from_nth: int = 1,
    complain: Callable[[str], None],
) -> list[ScoredItem]:
    """Read every clip of a manifest, alone or (``in_order``) after its speaker's earlier clips.

    Args:
        rows: of the manifest.
        detector: reads the clips.
        root: folder that the rows' paths are relative to.
        codec: applied to each clip first.
        in_order: treat a speaker's rows as one call: earlier clips normalise later ones.
        from_nth: measure from a speaker's nth clip on; 1: all.
        complain: called with one line, with file and line number, per row that cannot be read.

    Returns:
        One item per row; those that cannot be read are `ScoredItem.unreadable`.
    """
    items: list[ScoredItem] = []
    baselines: dict[str, SpeakerBaseline] = {}
    for row, is_measured in mark_from_nth(rows, from_nth):
        speaker = SpeakerInfo.from_row(row).name or row["path"]
        baseline = baselines.get(speaker, SpeakerBaseline()) if in_order else SpeakerBaseline()
        try:
            pcm = apply_codec(load_sound(root / row["path"]), codec)
            reading = detector.read(_utterance(pcm, baseline, row["language"]))
        except (CorpusError, UnusableUtteranceError) as error:
            complain(f"{row.location}: {row['path']}: {error}")
            items.append(ScoredItem.unreadable(row["path"], EMOTIONS))
            continue
        baselines[speaker] = reading.baseline
        truth = parse_labels(row, row["emotion"], EMOTIONS, complain)
        items.append(_score_item(row, row["path"], reading, truth, is_measured=is_measured))
    return items


def _utterance(pcm: NDArray[np.int16], baseline: SpeakerBaseline, language: str) -> Utterance:
    """Without a language it is read as of one the model was not taught."""
    span = TimeSpan(0, pcm.size * 1_000 // SAMPLE_RATE)
    return Utterance(CALL_ID, Speaker.CUSTOMER, span, pcm, language, baseline)


def _score_item(
    row: ManifestRow, key: str, reading: Reading, truth: frozenset[str], *, is_measured: bool = True
) -> ScoredItem:
    return ScoredItem(
        key=key,
        scores=[reading.scores.get(emotion, 0.0) for emotion in EMOTIONS],
        confidence=reading.confidence,
        abstained=reading.abstained,
        truth=truth,
        speaker=SpeakerInfo.from_row(row),
        is_measured=is_measured,
        arousal=reading.arousal,
        valence=reading.valence,
    )


def read_text(
    rows: Iterable[ManifestRow],
    detector: TextEmotion,
    taxonomy: Taxonomy | None,
    *,
    in_order: bool = False,
    complain: Callable[[str], None],
) -> list[ScoredItem]:
    """Read every line of a manifest, alone or (``in_order``) after the earlier ones of its call.

    Args:
        rows: of the manifest.
        detector: reads the lines.
        taxonomy: whose labels the items have; ``None``: `EMOTIONS`.
        in_order: a call's rows, or else a speaker's, are in time order and context of each other.
        complain: called with one line, with file and line number, per row that cannot be read.

    Returns:
        One item per row; those that cannot be read are `ScoredItem.unreadable`.
    """
    labels = label_names(taxonomy)
    items: list[ScoredItem] = []
    contexts: dict[str, tuple[str, ...]] = {}
    for row in rows:
        call = row["call"] or SpeakerInfo.from_row(row).name
        try:
            reading = detector.read(_transcript_line(row, contexts.get(call, ())))
        except ValueError as error:
            complain(f"{row.location}: {row['id']}: {error}")
            items.append(ScoredItem.unreadable(row["id"], labels))
            continue
        if in_order and call:
            contexts[call] = (*contexts.get(call, ()), row["text"])[-CONTEXT_LINES:]
        item = _score_item(
            row, row["id"], reading, parse_labels(row, row["labels"], labels, complain)
        )
        if taxonomy:
            label_scores = detector.score_labels([row["text"]], taxonomy)[0]
            item = replace(item, scores=[float(score) for score in label_scores])
        items.append(item)
    return items


def _transcript_line(row: ManifestRow, context: tuple[str, ...]) -> TranscriptLine:
    language = _parse_language(row["language"])
    span = TimeSpan(0, 0)
    return TranscriptLine(
        CALL_ID, Speaker.CUSTOMER, span, row["text"], language=language, context=context
    )


def _parse_language(name: str) -> Language:
    try:
        return Language(name)
    except ValueError:
        message = f"language {name!r} is not one of {', '.join(Language)}"
        raise ValueError(message) from None
