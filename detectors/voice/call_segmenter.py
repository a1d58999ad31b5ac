"""Both speakers of one call: utterances, silences, talk-over, and where to go on after a crash.

Deterministic: the same chunks give the same `Heard`, also when a `Checkpoint` lies between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from detectors.utterance import SAMPLE_RATE, Span, Speaker, Turn, TurnKind
from detectors.voice.endpointing import Endpointer, Found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SHORTEST_TALK_OVER_MS = 800
"""Less is a "yes" or a "네" that shows somebody listens, or two people starting at once."""

SILENCE_STEP_MS = 5_000
"""A silence of both is told each time it has grown by this much."""

LONGEST_GAP_MS = 1_000
"""Missing audio up to this is taken as silence; a longer hole ends what was being said."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where to go on. Small, and made of numbers only: it is written at each utterance.

    Attributes:
        read_until_ms: per speaker, everything before is decided.
        spans: speech that a later utterance of the other may still overlap.
        quiet_since_ms: end of the last speech of either.
        silence_told_ms: how much of the present silence has been told.
    """

    read_until_ms: Mapping[Speaker, int] = field(default_factory=dict)
    spans: tuple[tuple[Speaker, Span], ...] = ()
    quiet_since_ms: int | None = None
    silence_told_ms: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a chunk brought to an end.

    Attributes:
        customer: the customer's utterances, with their sound. The agent's sound is not here:
            it serves only turn-taking.
        turns: timing of both, in the order found.
        checkpoint: given when it moved; all before it is decided by what is in here and earlier.
    """

    customer: tuple[Found, ...] = ()
    turns: tuple[Turn, ...] = ()
    checkpoint: Checkpoint | None = None


class Listener:
    """Listens to one call, from a checkpoint or from its first chunk on."""

    def __init__(self, call_id: str, checkpoint: Checkpoint | None = None) -> None:
        self._call_id = call_id
        start = checkpoint or Checkpoint()
        self._ears = {speaker: Endpointer(at_ms) for speaker, at_ms in start.read_until_ms.items()}
        self._spans = list(start.spans)
        self._quiet_since_ms = start.quiet_since_ms
        self._silence_told_ms = start.silence_told_ms
        self._last = start.read_until_ms

    @property
    def checkpoint_ms(self) -> int:
        """Everything before is decided, for every speaker."""
        return min((ear.checkpoint_ms for ear in self._ears.values()), default=0)

    def hear(self, start_ms: int, sound: Mapping[Speaker, NDArray[np.int16]]) -> Heard:
        """Take the next chunk: ``int16[samples]`` of each speaker, from ``start_ms`` on.

        What was heard already is skipped; a hole is silence, or ends what was being said. A
        speaker whose channel has gone has finished.
        """
        found = [
            (speaker, utterance)
            for speaker in set(self._ears) - set(sound)
            for utterance in self._ears.pop(speaker).finish()
        ]
        found += [
            (speaker, utterance)
            for speaker, pcm in sound.items()
            for utterance in self._hear_one(speaker, start_ms, pcm)
        ]
        return self._heard(found, silences=len(sound) > 1)

    def finish(self) -> Heard:
        """The call's audio is over."""
        found = [(speaker, one) for speaker, ear in self._ears.items() for one in ear.finish()]
        return self._heard(found, silences=False)

    def _hear_one(self, speaker: Speaker, start_ms: int, pcm: NDArray[np.int16]) -> list[Found]:
        ear = self._ears.setdefault(speaker, Endpointer(start_ms))
        found: list[Found] = []
        gap_ms = start_ms - ear.wants_ms
        if gap_ms > LONGEST_GAP_MS:
            found += ear.finish()
            ear = self._ears[speaker] = Endpointer(start_ms)
        elif gap_ms > 0:
            found += ear.hear(_silence(gap_ms))
        known = max(0, -gap_ms) * SAMPLE_RATE // 1000
        return found + ear.hear(pcm[known:])

    def _heard(self, found: list[tuple[Speaker, Found]], *, silences: bool) -> Heard:
        turns: list[Turn] = []
        for speaker, utterance in sorted(found, key=lambda pair: pair[1].span.end_ms):
            turns += self._speech(speaker, utterance.span)
        if silences:
            turns += self._silence()
        return Heard(
            customer=tuple(one for speaker, one in found if speaker is Speaker.CUSTOMER),
            turns=tuple(turns),
            checkpoint=self._moved(),
        )

    def _speech(self, speaker: Speaker, span: Span) -> list[Turn]:
        turns = [Turn(self._call_id, TurnKind.SPEECH, span, speaker)]
        for other, before in self._spans:
            if other is speaker or span.overlap_ms(before) < SHORTEST_TALK_OVER_MS:
                continue
            late = speaker if span.start_ms >= before.start_ms else other
            both = Span(
                max(span.start_ms, before.start_ms),
                min(span.end_ms, before.end_ms),
            )
            turns.append(Turn(self._call_id, TurnKind.TALK_OVER, both, late))
        self._spans.append((speaker, span))
        self._quiet_since_ms = max(span.end_ms, self._quiet_since_ms or 0)
        self._silence_told_ms = 0
        return turns

    def _silence(self) -> list[Turn]:
        ears = self._ears.values()
        now_ms = min(ear.heard_until_ms for ear in ears)
        if self._quiet_since_ms is None:
            self._quiet_since_ms = now_ms
        if any(ear.speaking for ear in ears):
            return []
        quiet_ms = now_ms - self._quiet_since_ms
        if quiet_ms < self._silence_told_ms + SILENCE_STEP_MS:
            return []
        self._silence_told_ms = quiet_ms // SILENCE_STEP_MS * SILENCE_STEP_MS
        span = Span(self._quiet_since_ms, self._quiet_since_ms + self._silence_told_ms)
        return [Turn(self._call_id, TurnKind.SILENCE, span)]

    def _moved(self) -> Checkpoint | None:
        read_until = {speaker: ear.checkpoint_ms for speaker, ear in self._ears.items()}
        if read_until == self._last:
            return None
        self._last = read_until
        # Speech that ended before the other's checkpoint can overlap nothing still to come.
        self._spans = [
            (speaker, span)
            for speaker, span in self._spans
            if speaker.other in read_until and span.end_ms > read_until[speaker.other]
        ]
        return Checkpoint(
            read_until_ms=read_until,
            spans=tuple(self._spans),
            quiet_since_ms=self._quiet_since_ms,
            silence_told_ms=self._silence_told_ms,
        )


def _silence(duration_ms: int) -> NDArray[np.int16]:
    return np.zeros(duration_ms * SAMPLE_RATE // 1000, dtype=np.int16)
