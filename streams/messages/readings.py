"""What detectors read, and the customer's mood. `streams.topics` says which topic carries which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from detectors.mood import Mood
from detectors.reading import Reading
from streams.messages.base import RecordMessage, StageTimestamps


class ReadingMessage(RecordMessage[Reading], StageTimestamps):
    """One detector's opinion of one utterance or line of the customer (``readings.v1``).

    There is no field for a speaker: an agent is never read.
    """

    ce_type: ClassVar[str] = "callmood.reading.v1"
    derived: ClassVar[Mapping[str, str]] = {"label": "scores"}
    omitted: ClassVar[Mapping[str, str]] = {"baseline": "stays where the voice is heard"}

    @property
    def message_id(self) -> str:  # noqa: D102
        return self.record.version_id

    @property
    def record_id(self) -> str:
        """Of what was read: words that are read anew are one reading."""
        return self.record.reading_id


class MoodMessage(RecordMessage[Mood], StageTimestamps):
    """The customer's mood after a reading (``moods.v1``)."""

    ce_type: ClassVar[str] = "callmood.mood.v1"
    derived: ClassVar[Mapping[str, str]] = {"label": "scores"}

    @property
    def message_id(self) -> str:  # noqa: D102
        return self.record.mood_id
