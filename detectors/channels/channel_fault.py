"""What can be wrong with whose channel is whose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from detectors.quantities import Ms  # noqa: TC001  (read at run time: the wire is made of it)
from detectors.record_ids import join_id

if TYPE_CHECKING:
    from detectors.utterance import TranscriptLine


class FaultKind(StrEnum):
    """What is wrong with the channels of a call."""

    EXCHANGED = "exchanged"
    ONE_SOUND = "one_sound"


class FaultEvidence(StrEnum):
    """What says so."""

    WORDS_AGAINST_SOUND = "words_against_sound"
    AGENT_PHRASES = "agent_phrases"
    SAME_SOUND = "same_sound"


@dataclass(frozen=True, slots=True)
class ChannelFault:
    """Nobody can say whose voice is whose in this call: from here on its emotion is not read.

    Attributes:
        at_ms: of the call, when it was certain.
    """

    call_id: str
    kind: FaultKind
    evidence: FaultEvidence
    at_ms: Ms

    @property
    def fault_id(self) -> str:
        """Deterministic: a call has one fault of a kind."""
        return join_id(self.call_id, "channels", self.kind)


def last_end_ms(lines: list[TranscriptLine]) -> int:
    """When the last of these lines ended, in ms since the call's start; 0 without any."""
    return max((line.span.end_ms for line in lines), default=0)
