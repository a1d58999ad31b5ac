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
from detectors.labels import NEGATIVE, Emotion
from detectors.reading import Modality
from detectors.utterance import Span, Speaker
from streams.ids import SEPARATOR, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UNCERTAIN_BELOW = 0.4
"""A reading of less confidence is worth a trainer's ear."""

LEAST_MS = 700
"""Shorter utterances ("yes", a breath) carry nothing to correct, unless called wrong."""

BLAME_WITHIN_MS = 30_000
"""An alert that names no reading is laid to the last one before it, if it is no older."""


class Cause(StrEnum):
    """Why a segment is in the queue, the gravest first."""

    CALLED_WRONG = "called_wrong"
    DISAGREEMENT = "disagreement"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the queue needs to know of a reading."""

    reading_id: str
    span: Span
    modality: Modality
    label: Emotion
    confidence: float
    abstained: bool

    @property
    def uncertain(self) -> bool:
        """The detector would not say, or hardly."""
        return self.abstained or self.confidence < UNCERTAIN_BELOW


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledWrong:
    """An alert that somebody called wrong."""

    at_ms: int
    cause_ids: tuple[str, ...]


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
    span: Span
    cause: Cause
    urgency: float
    voice_id: str | None
    text_id: str | None


def segments_of(call_id: str, reads: Sequence[Read], wrong: Iterable[CalledWrong]) -> list[Segment]:
    """Every segment of a call that is worth a trainer's time, in the order of the call."""
    blamed = {read.reading_id for alert in wrong for read in _blamed(alert, reads)}
    moments = _moments(reads)
    found = [_segment(call_id, moment, blamed) for moment in moments]
    return [segment for segment in found if segment is not None]


def settled(segment: Segment, answered: Iterable[Span]) -> bool:
    """Whether a trainer has answered most of it already, perhaps under another id."""
    half = max(1, segment.span.duration_ms // 2)
    return any(segment.span.overlap_ms(span) >= half for span in answered)


def _moments(reads: Sequence[Read]) -> list[tuple[Read | None, Read | None]]:
    """Pairs of voice and text: a line belongs to the utterance that it overlaps most."""
    voices = [read for read in reads if read.modality is Modality.VOICE]
    texts = [read for read in reads if read.modality is Modality.TEXT]
    chosen: dict[str, Read] = {}
    alone: list[tuple[Read | None, Read | None]] = []
    for text in texts:
        voice = _nearest(text, voices)
        if voice is None or voice.reading_id in chosen:
            alone.append((None, text))
        else:
            chosen[voice.reading_id] = text
    pairs = [(voice, chosen.get(voice.reading_id)) for voice in voices]
    return sorted([*pairs, *alone], key=lambda pair: _span(pair).start_ms)


def _nearest(text: Read, voices: Iterable[Read]) -> Read | None:
    near = [voice for voice in voices if voice.span.gap_ms(text.span) <= SAME_MOMENT_MS]
    return max(
        near,
        key=lambda voice: (voice.span.overlap_ms(text.span), -voice.span.gap_ms(text.span)),
        default=None,
    )


def _segment(
    call_id: str, moment: tuple[Read | None, Read | None], blamed: set[str]
) -> Segment | None:
    reads = [read for read in moment if read is not None]
    why = _why(reads, blamed)
    span = _span(moment)
    if why is None or (why[0] is not Cause.CALLED_WRONG and span.duration_ms < LEAST_MS):
        return None
    voice, text = moment
    return Segment(
        segment_id=joined(call_id, Speaker.CUSTOMER, span.start_ms),
        call_id=call_id,
        span=span,
        cause=why[0],
        urgency=round(why[1], 4),
        voice_id=voice.reading_id if voice else None,
        text_id=text.reading_id if text else None,
    )


def _why(reads: Sequence[Read], blamed: set[str]) -> tuple[Cause, float] | None:
    """The gravest cause. Confidently wrong is worst; barely uncertain matters least."""
    wrong = [read.confidence for read in reads if read.reading_id in blamed]
    if wrong:
        return Cause.CALLED_WRONG, 2 + min(0.999, max(wrong))
    heard = [read for read in reads if not read.abstained]
    if len({read.label in NEGATIVE for read in heard}) > 1:
        return Cause.DISAGREEMENT, 1 + min(0.999, *(read.confidence for read in heard))
    doubts = [1 - read.confidence for read in reads if read.uncertain]
    return (Cause.UNCERTAIN, min(0.999, max(doubts))) if doubts else None


def _span(moment: tuple[Read | None, Read | None]) -> Span:
    """The utterance's; of a line that no utterance was found for, the line's."""
    voice, text = moment
    one = voice or text
    assert one is not None  # noqa: S101  (a moment holds at least one)
    return one.span


def _blamed(alert: CalledWrong, reads: Sequence[Read]) -> list[Read]:
    named = [read for read in reads if _names(alert.cause_ids, read)]
    if named or any(_is_turn(cause) for cause in alert.cause_ids):
        return named
    before = [read for read in reads if 0 <= alert.at_ms - read.span.end_ms <= BLAME_WITHIN_MS]
    newest = max((read.span.end_ms for read in before), default=0)
    return [read for read in before if newest - read.span.end_ms <= SAME_MOMENT_MS]


def _names(cause_ids: Iterable[str], read: Read) -> bool:
    """A cause is the reading itself, or the line that the words were read in."""
    call_id = read.reading_id.split(SEPARATOR, maxsplit=1)[0]
    line = joined(call_id, Speaker.CUSTOMER, read.span.start_ms, "line")
    return not {read.reading_id, line}.isdisjoint(cause_ids)


def _is_turn(cause_id: str) -> bool:
    """Silence and talk-over are about timing: there is no emotion to correct."""
    return SEPARATOR + "silence" + SEPARATOR in cause_id or SEPARATOR + "talk_over" in cause_id
