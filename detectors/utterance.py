"""What a detector is given: who spoke, when, and the sound or the words. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from annotated_types import Len

from detectors.quantities import Ms
from detectors.record_ids import join_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE = 8_000
"""Samples a second everywhere behind the gateways (Hz): the telephone's band."""

MAX_LINE_LENGTH = 4_000
"""Characters of one transcript line."""

CONTEXT_LINES = 3
"""How many of a speaker's earlier lines are used to read the next one."""


class Speaker(StrEnum):
    """The two people of a call. The agent is the person who takes calls."""

    CUSTOMER = "customer"
    AGENT = "agent"

    @property
    def other(self) -> Speaker:
        """The person on the other end."""
        return Speaker.AGENT if self is Speaker.CUSTOMER else Speaker.CUSTOMER


class Language(StrEnum):
    """Languages the texts and the word lists exist in (BCP 47 primary subtags)."""

    KOREAN = "ko"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class SpeakerBaseline:
    """How one customer has sounded so far in this call, for running normalisation.

    Not an identity: it is a mean over acoustic statistics, kept for one call only.

    Attributes:
        count: utterances it was made from, 0 or more.
        mean: their mean feature vector, ``float32[D]`` as little-endian bytes; empty when
            ``count`` is 0. Bytes, so that the value stays hashable and travels as base64.
    """

    count: int = 0
    mean: bytes = b""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stretch of a call: ``start_ms`` included, ``end_ms`` excluded, since the call's start."""

    start_ms: Ms
    end_ms: Ms

    def __post_init__(self) -> None:
        if self.start_ms < 0:
            message = f"start_ms {self.start_ms} is before the call's start"
            raise ValueError(message)
        if self.end_ms < self.start_ms:
            message = f"end_ms {self.end_ms} is before start_ms {self.start_ms}"
            raise ValueError(message)

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.end_ms - self.start_ms

    def overlap_ms(self, other: TimeSpan) -> int:
        """Milliseconds that both spans cover; 0 where they do not overlap."""
        return max(0, min(self.end_ms, other.end_ms) - max(self.start_ms, other.start_ms))

    def gap_ms(self, other: TimeSpan) -> int:
        """Milliseconds between two spans; 0 where they touch or overlap."""
        return max(0, max(self.start_ms, other.start_ms) - min(self.end_ms, other.end_ms))


@dataclass(frozen=True, slots=True)
class Utterance:
    """Continuous speech of one speaker.

    Attributes:
        pcm: ``int16[samples]``, mono, at `SAMPLE_RATE`.
        language: BCP 47 primary subtag; a site's own model may know more than `Language` lists.
        baseline: what this speaker sounded like earlier in the call.
    """

    call_id: str
    speaker: Speaker
    span: TimeSpan
    pcm: NDArray[np.int16]
    language: str = Language.KOREAN
    baseline: SpeakerBaseline = SpeakerBaseline()


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """Text of one speaker. A partial line (``final`` is false) may still change.

    Attributes:
        context: what the same speaker said before in this call, oldest first, final lines only;
            at most `CONTEXT_LINES` of them count.
    """

    call_id: str
    speaker: Speaker
    span: TimeSpan
    text: Annotated[str, Len(1, MAX_LINE_LENGTH)]
    language: Language = Language.KOREAN
    final: bool = True
    context: tuple[str, ...] = ()

    @property
    def line_id(self) -> str:
        """Deterministic: a partial line and the final one that replaces it are one line."""
        return join_id(self.call_id, self.speaker, self.span.start_ms, "line")


class TurnKind(StrEnum):
    """What happened between the two speakers, or on a channel that carries no speech."""

    SPEECH = "speech"
    SILENCE = "silence"
    TALK_OVER = "talk_over"
    TONE = "tone"
    """Ring-back, busy, fax or keypad: a machine's signal."""
    MUSIC = "music"
    NOISE = "noise"

    @property
    def is_sound(self) -> bool:
        """Whether something sounded that nobody spoke."""
        return self in {TurnKind.TONE, TurnKind.MUSIC, TurnKind.NOISE}

    @property
    def grows(self) -> bool:
        """Whether it is reported again, longer, while it lasts."""
        return self is TurnKind.SILENCE or self.is_sound


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn-taking event: timing only, never a judgement of how somebody sounds.

    Attributes:
        speaker: who spoke (speech), who came in on top of the other (talk-over), whose channel
            carried it (tone, music, noise), or ``None`` (silence: neither).
        span: of the speech, of the silence or sound so far, or of the overlap.
    """

    call_id: str
    kind: TurnKind
    span: TimeSpan
    speaker: Speaker | None = None

    @property
    def event_id(self) -> str:
        """Deterministic: a silence or a sound that grows keeps its id, by its start."""
        return join_id(self.call_id, self.kind, self.speaker or "both", self.span.start_ms)

    @property
    def turn_id(self) -> str:
        """Of this very report: each report of a silence that grows is a turn of its own."""
        until = (self.span.end_ms,) if self.kind.grows else ()
        return join_id(self.event_id, *until)
