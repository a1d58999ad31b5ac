"""Which moments of a call a trainer should look at, worst first. Pure.

A segment is one utterance of the customer with the line that was said in it. It is worked out
anew from everything that is known of the call, so that it does not matter in which order
readings, alerts and answers arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from detectors.fusion import SAME_MOMENT_MS
from detectors.labels import NEGATIVE
from detectors.reading import Modality, Reading
from detectors.record_ids import join_id
from detectors.utterance import Speaker, TimeSpan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MIN_CERTAIN_CONFIDENCE = 0.4
"""A reading of less confidence is worth a trainer's ear."""

MIN_DURATION_MS = 700
"""Shorter utterances ("yes", a breath) carry nothing to correct, unless called wrong."""

BLAME_WITHIN_MS = 30_000
"""An alert that names no reading is laid to the last one before it, if it is no older."""


class Cause(StrEnum):
    """Why a segment is in the queue, the gravest first."""

    CALLED_WRONG = "called_wrong"
    DISAGREEMENT = "disagreement"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputedAlert:
    """An alert that somebody called wrong.

    Attributes:
        at_ms: when it fired, since the call's start.
        cause_ids: what it rests on.
        is_about_timing: it rests on a silence or on talk-over: there is no emotion to correct.
    """

    at_ms: int
    cause_ids: tuple[str, ...]
    is_about_timing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One item of the queue.

    Attributes:
        segment_id: of the utterance: the same whatever put it into the queue.
        urgency: 0-3, the worst highest: the whole part is the cause, the rest how much so.
        voice_id: the reading of its voice, where there is one.
        text_id: the reading of its words, where there is one.
    """

    segment_id: str
    call_id: str
    span: TimeSpan
    cause: Cause
    urgency: float
    voice_id: str | None
    text_id: str | None


def find_segments(
    call_id: str, readings: Sequence[Reading], disputed: Iterable[DisputedAlert]
) -> list[Segment]:
    """Every segment of a call that is worth a trainer's time, in the order of the call."""
    blamed = {reading.reading_id for alert in disputed for reading in _find_blamed(alert, readings)}
    pairs = _pair_readings(readings)
    segments = [_build_segment(call_id, pair, blamed) for pair in pairs]
    return [segment for segment in segments if segment is not None]


def is_answered(segment: Segment, answered_spans: Iterable[TimeSpan]) -> bool:
    """Whether a trainer has answered most of it already, perhaps under another id."""
    half = max(1, segment.span.duration_ms // 2)
    return any(segment.span.overlap_ms(span) >= half for span in answered_spans)


def _pair_readings(
    readings: Sequence[Reading],
) -> list[tuple[Reading | None, Reading | None]]:
    """Pairs of voice and text: a line belongs to the utterance that it overlaps most."""
    voices = [reading for reading in readings if reading.modality is Modality.VOICE]
    texts = [reading for reading in readings if reading.modality is Modality.TEXT]
    text_by_voice: dict[str, Reading] = {}
    unpaired: list[tuple[Reading | None, Reading | None]] = []
    for text in texts:
        voice = _find_nearest_voice(text, voices)
        if voice is None or voice.reading_id in text_by_voice:
            unpaired.append((None, text))
        else:
            text_by_voice[voice.reading_id] = text
    pairs = [(voice, text_by_voice.get(voice.reading_id)) for voice in voices]
    return sorted([*pairs, *unpaired], key=lambda pair: _span_of_pair(pair).start_ms)


def _find_nearest_voice(text: Reading, voices: Iterable[Reading]) -> Reading | None:
    near = [voice for voice in voices if voice.span.gap_ms(text.span) <= SAME_MOMENT_MS]
    return max(
        near,
        key=lambda voice: (voice.span.overlap_ms(text.span), -voice.span.gap_ms(text.span)),
        default=None,
    )


def _build_segment(
    call_id: str, pair: tuple[Reading | None, Reading | None], blamed: set[str]
) -> Segment | None:
    readings = [reading for reading in pair if reading is not None]
    cause_and_urgency = _find_cause(readings, blamed)
    span = _span_of_pair(pair)
    if cause_and_urgency is None or (
        cause_and_urgency[0] is not Cause.CALLED_WRONG and span.duration_ms < MIN_DURATION_MS
    ):
        return None
    voice, text = pair
    return Segment(
        segment_id=join_id(call_id, Speaker.CUSTOMER, span.start_ms),
        call_id=call_id,
        span=span,
        cause=cause_and_urgency[0],
        urgency=round(cause_and_urgency[1], 4),
        voice_id=voice.reading_id if voice else None,
        text_id=text.reading_id if text else None,
    )


def _find_cause(readings: Sequence[Reading], blamed: set[str]) -> tuple[Cause, float] | None:
    """The gravest cause. Confidently wrong is worst; barely uncertain matters least."""
    blamed_confidences = [
        reading.confidence for reading in readings if reading.reading_id in blamed
    ]
    if blamed_confidences:
        return Cause.CALLED_WRONG, 2 + min(0.999, max(blamed_confidences))
    opinions = [reading for reading in readings if not reading.abstained]
    if len({reading.label in NEGATIVE for reading in opinions}) > 1:
        return Cause.DISAGREEMENT, 1 + min(0.999, *(reading.confidence for reading in opinions))
    doubts = [1 - reading.confidence for reading in readings if _is_uncertain(reading)]
    return (Cause.UNCERTAIN, min(0.999, max(doubts))) if doubts else None


def _span_of_pair(pair: tuple[Reading | None, Reading | None]) -> TimeSpan:
    """The utterance's; of a line that no utterance was found for, the line's."""
    voice, text = pair
    reading = voice or text
    assert reading is not None  # noqa: S101  (a moment holds at least one)
    return reading.span


def _find_blamed(alert: DisputedAlert, readings: Sequence[Reading]) -> list[Reading]:
    named_readings = [reading for reading in readings if _is_cause(alert.cause_ids, reading)]
    if named_readings or alert.is_about_timing:
        return named_readings
    earlier = [
        reading for reading in readings if 0 <= alert.at_ms - reading.span.end_ms <= BLAME_WITHIN_MS
    ]
    newest = max((reading.span.end_ms for reading in earlier), default=0)
    return [reading for reading in earlier if newest - reading.span.end_ms <= SAME_MOMENT_MS]


def _is_cause(cause_ids: Iterable[str], reading: Reading) -> bool:
    """A cause is the reading itself, or the line that the words were read in."""
    return not set(reading.cause_ids).isdisjoint(cause_ids)


def _is_uncertain(reading: Reading) -> bool:
    """The detector would not say, or hardly."""
    return reading.abstained or reading.confidence < MIN_CERTAIN_CONFIDENCE
