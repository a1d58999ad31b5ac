"""Reading: one detector's opinion of one utterance or one transcript line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from detectors.labels import Emotion, Topic
from detectors.quantities import Ratio, Valence
from detectors.record_ids import digest_id, join_id
from detectors.utterance import Speaker, SpeakerBaseline, TimeSpan


class Modality(StrEnum):
    """What was read: the tone of the voice, or the words."""

    VOICE = "voice"
    TEXT = "text"


class Contrast(StrEnum):
    """How voice and words contradict each other, both of them sure."""

    STRAINED_VOICE = "strained_voice"
    """The words are polite or plain, the voice is not: easily missed by who reads a transcript."""
    STRAINED_WORDS = "strained_words"
    """Angry, sad or fearful words, said in an even voice."""


@dataclass(frozen=True, slots=True)
class TopicMatch:
    """A topic, and the very words that it was found by.

    Attributes:
        words: as they were written in the line.
        context: the words with what stood around them, a few words on either side; by it a
            playbook knows false friends. Empty: nothing else is known than the words.
    """

    topic: Topic
    words: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """An estimate of what the customer expressed, never of what they feel.

    Only the customer is ever read: there is no field for a speaker, and detectors refuse
    an agent's utterance (`detectors.detector.refuse_agent`).

    Attributes:
        scores: probability (0-1) of each label the model knows.
        confidence: certainty of the whole reading, 0-1.
        abstained: the detector prefers to say nothing; ``scores`` are kept for the trainer,
            and nothing may act on them.
        arousal: 0 (low) to 1 (high), where the detector estimates it.
        valence: -1 (unpleasant) to 1 (pleasant), where the detector estimates it.
        topics: what the words are about (text only).
        reasons: short phrases a person can check: words that were said, properties of the voice.
        topic_matches: which of the words belong to which topic (text only).
        baseline: the customer's baseline with this utterance taken in (voice only).
        unit_id: of the stretch of lines that was read, the same however often it is read anew
            (`detectors.utterance.LineThread`); empty: not known (voice).
        line_ids: of the lines in it as they stand, oldest first.
    """

    call_id: str
    span: TimeSpan
    modality: Modality
    detector: str
    version: str
    scores: Mapping[Emotion, Ratio]
    confidence: Ratio
    abstained: bool = False
    arousal: Ratio | None = None
    valence: Valence | None = None
    topics: tuple[Topic, ...] = ()
    reasons: tuple[str, ...] = ()
    topic_matches: tuple[TopicMatch, ...] = ()
    baseline: SpeakerBaseline = field(default=SpeakerBaseline(), repr=False, compare=False)
    unit_id: str = ""
    line_ids: tuple[str, ...] = ()

    @property
    def reading_id(self) -> str:
        """Deterministic id: an utterance has one reading per modality, however often it is read.

        So has a stretch of lines: that of longer or corrected words replaces the one before.
        """
        if self.unit_id:
            return join_id(self.unit_id, self.modality)
        return join_id(self.call_id, Speaker.CUSTOMER, self.span.start_ms, self.modality)

    @property
    def cause_ids(self) -> tuple[str, ...]:
        """What an alert may name of it: itself, and the lines that were read."""
        first_line = join_id(self.call_id, Speaker.CUSTOMER, self.span.start_ms, "line")
        return (self.reading_id, *(self.line_ids or (first_line,)))

    @property
    def version_id(self) -> str:
        """Of this very reading: of these words, as they stood."""
        if not self.line_ids:
            return self.reading_id
        return join_id(self.reading_id, digest_id(*self.line_ids))

    @property
    def label(self) -> Emotion:
        """The label with the highest score."""
        return max(self.scores, key=lambda label: self.scores[label])
