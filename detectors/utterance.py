"""What a detector is given: who spoke, when, and the sound or the words. Frozen values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le, Len

from detectors.quantities import Ms
from detectors.record_ids import digest_id, join_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE = 8_000
"""Samples a second everywhere behind the gateways (Hz): the telephone's band."""

MAX_LINE_LENGTH = 4_000
"""Characters of one transcript line."""

MAX_SOURCE_ID = 64
MAX_REVISION = 1_000_000
SOURCE_ID = re.compile(r"[\w.:-]*")
"""What a recogniser's own id of a line may be made of."""

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
class LinePiece:
    """A line beside another: one of the pieces that a recogniser cut a sentence into.

    Attributes:
        in_unit: it is read together with the other for its emotion (see `LineThread.unit_id`).
    """

    line_id: str
    text: str
    in_unit: bool = True


@dataclass(frozen=True, slots=True)
class LineThread:
    """What a line belongs to, as `detectors.line_ledger` finds it.

    Attributes:
        before: pieces that the same speaker said right before it, oldest first.
        after: pieces that were said right after it and are known already, oldest first.
        earlier_ids: ids under which its words came before, oldest first; empty: they are new.
        earlier_texts: the words as they counted before, where the line is told again.
        unit_id: of the stretch of speech that one reading covers: the first id of its first line.
        unit_start_ms: when that stretch began, in ms since the call's start.
    """

    before: tuple[LinePiece, ...] = ()
    after: tuple[LinePiece, ...] = ()
    earlier_ids: tuple[str, ...] = ()
    earlier_texts: tuple[str, ...] = ()
    unit_id: str = ""
    unit_start_ms: int = 0

    @property
    def is_alone(self) -> bool:
        """Nothing adjoins it."""
        return not (self.before or self.after)


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """Text of one speaker. A partial line (``final`` is false) may still change.

    Attributes:
        context: what the same speaker said before in this call, oldest first, final lines only;
            at most `CONTEXT_LINES` of them count.
        source_id: the recogniser's own id of the line, empty where it gives none: letters,
            digits and ``._:-``, at most `MAX_SOURCE_ID`. Lines of one id are one line.
        revision: how often the line of this ``source_id`` was corrected before.
        thread: what it belongs to; made by who reads the lines in order.

    Raises:
        ValueError: ``source_id`` has other characters.
    """

    call_id: str
    speaker: Speaker
    span: TimeSpan
    text: Annotated[str, Len(1, MAX_LINE_LENGTH)]
    language: Language = Language.KOREAN
    final: bool = True
    context: tuple[str, ...] = ()
    source_id: Annotated[str, Len(0, MAX_SOURCE_ID)] = ""
    revision: Annotated[int, Ge(0), Le(MAX_REVISION)] = 0
    thread: LineThread = LineThread()

    def __post_init__(self) -> None:
        if self.source_id and not SOURCE_ID.fullmatch(self.source_id):
            message = f"line_id {self.source_id[:20]!r} has more than letters, digits and ._:-"
            raise ValueError(message)

    @property
    def line_id(self) -> str:
        """Deterministic; a final line's holds its words, since few recognisers count revisions.

        So two lines with one start are two, and one that is told again alike is one.
        """
        if not self.final:
            return self.partial_id
        return join_id(self.partial_id, digest_id(self.revision, self.text))

    @property
    def partial_id(self) -> str:
        """Of the partial states of the line, all of which the final one replaces."""
        place = self.source_id or self.span.start_ms
        return join_id(self.call_id, self.speaker, place, "line")


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
