"""Reading a whole manifest with a shipped detector. No torch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from detectors.corpora.corpora import CorpusError, sound
from detectors.corpora.telephone_channel import Codec, carried
from detectors.detector import UnusableUtteranceError
from detectors.evaluation.clip_order import counted
from detectors.evaluation.scored_item import Judged, Voice, label_names, told
from detectors.labels import EMOTIONS
from detectors.utterance import (
    CONTEXT_LINES,
    SAMPLE_RATE,
    Baseline,
    Language,
    Span,
    Speaker,
    TranscriptLine,
    Utterance,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from detectors.corpora.manifests import Row
    from detectors.detector import Detector
    from detectors.reading import Reading
    from detectors.text.model import Taxonomy, TextEmotion

CALL = "evaluation"


def read_voice(  # noqa: PLR0913 - what a person may ask for on the command line
    rows: Iterable[Row],
    detector: Detector[Utterance],
    root: Path,
    *,
    codec: Codec,
    in_order: bool,
    from_nth: int = 1,
    complain: Callable[[str], None],
) -> list[Judged]:
    """Read every clip, as if alone or (``in_order``) as the next of its speaker's call.

    Before a speaker's ``from_nth`` clip none counts. What cannot be read is told to ``complain``
    with file and line, and is `Judged.unread`.
    """
    judged: list[Judged] = []
    heard: dict[str, Baseline] = {}
    for row, counts in counted(rows, from_nth):
        speaker = Voice.of(row).speaker or row["path"]
        past = heard.get(speaker, Baseline()) if in_order else Baseline()
        try:
            pcm = carried(sound(root / row["path"]), codec)
            reading = detector.read(_utterance(pcm, past, row["language"]))
        except (CorpusError, UnusableUtteranceError) as error:
            complain(f"{row.where}: {row['path']}: {error}")
            judged.append(Judged.unread(row["path"], EMOTIONS))
            continue
        heard[speaker] = reading.baseline
        truth = told(row, row["emotion"], EMOTIONS, complain)
        judged.append(_judged(row, row["path"], reading, truth, counts=counts))
    return judged


def _utterance(pcm: NDArray[np.int16], past: Baseline, language: str) -> Utterance:
    """Without a language it is read as of one the model was not taught."""
    span = Span(0, pcm.size * 1_000 // SAMPLE_RATE)
    return Utterance(CALL, Speaker.CUSTOMER, span, pcm, language, past)


def _judged(
    row: Row, key: str, reading: Reading, truth: frozenset[str], *, counts: bool = True
) -> Judged:
    return Judged(
        key=key,
        scores=[reading.scores.get(emotion, 0.0) for emotion in EMOTIONS],
        confidence=reading.confidence,
        abstained=reading.abstained,
        truth=truth,
        voice=Voice.of(row),
        counted=counts,
        arousal=reading.arousal,
        valence=reading.valence,
    )


def read_text(
    rows: Iterable[Row],
    detector: TextEmotion,
    taxonomy: Taxonomy | None,
    *,
    in_order: bool = False,
    complain: Callable[[str], None],
) -> list[Judged]:
    """Read every line, as if alone or (``in_order``) after the earlier ones of its call.

    Without a taxonomy the labels are `EMOTIONS`. What cannot be read is told to ``complain`` with
    file and line, and is `Judged.unread`.
    """
    labels = label_names(taxonomy)
    judged: list[Judged] = []
    said: dict[str, tuple[str, ...]] = {}
    for row in rows:
        call = row["call"] or Voice.of(row).speaker
        try:
            reading = detector.read(_line(row, said.get(call, ())))
        except ValueError as error:
            complain(f"{row.where}: {row['id']}: {error}")
            judged.append(Judged.unread(row["id"], labels))
            continue
        if in_order and call:
            said[call] = (*said.get(call, ()), row["text"])[-CONTEXT_LINES:]
        item = _judged(row, row["id"], reading, told(row, row["labels"], labels, complain))
        if taxonomy:
            own = detector.decided([row["text"]], taxonomy)[0]
            item = replace(item, scores=[float(score) for score in own])
        judged.append(item)
    return judged


def _line(row: Row, context: tuple[str, ...]) -> TranscriptLine:
    language = _language(row["language"])
    span = Span(0, 0)
    return TranscriptLine(
        CALL, Speaker.CUSTOMER, span, row["text"], language=language, context=context
    )


def _language(name: str) -> Language:
    try:
        return Language(name)
    except ValueError:
        message = f"language {name!r} is not one of {', '.join(Language)}"
        raise ValueError(message) from None
