"""Messages as rows of the database. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.ids import joined

if TYPE_CHECKING:
    from streams.messages import (
        AlertMessage,
        Feedback,
        MoodMessage,
        ReadingMessage,
        TranscriptMessage,
        TurnMessage,
    )

Row = dict[str, Any]


def line_row(message: TranscriptMessage) -> Row:
    """Partial and final line share a row: the final one replaces what came before."""
    return {
        "line_id": joined(message.call_id, message.speaker, message.start_ms, "line"),
        "call_id": message.call_id,
        "start_ms": message.start_ms,
        "end_ms": message.end_ms,
        "speaker": message.speaker.value,
        "text": message.text,
        "final": message.final,
        "language": message.language.value,
    }


def reading_row(message: ReadingMessage) -> Row:
    """Without the stages: those are for metrics."""
    names = (
        "call_id", "start_ms", "end_ms", "modality", "detector", "version", "label", "scores",
        "confidence", "abstained", "arousal", "topics", "reasons",
    )  # fmt: skip
    fields = message.model_dump(mode="json", include=set(names))
    return {"reading_id": message.message_id} | fields


def mood_row(message: MoodMessage) -> Row:
    """Without the stages."""
    stages = {"heard_at", "found_at", "read_at"}
    return {"mood_id": message.message_id} | message.model_dump(mode="json", exclude=stages)


def turn_row(message: TurnMessage) -> Row:
    """Timing only."""
    fields = message.model_dump(mode="json", exclude={"heard_at"})
    return {"turn_id": message.message_id} | fields


def alert_row(message: AlertMessage) -> Row:
    """With the words of that moment, so that a changed playbook changes no past alert."""
    stages = {"heard_at", "found_at", "read_at", "advised_at"}
    fields = message.model_dump(mode="json", exclude=stages)
    return {"alert_id": message.message_id} | fields | {"advised_at": message.advised_at}


def feedback_row(message: Feedback) -> Row:
    """One row per person and alert."""
    fields = message.model_dump(mode="json", exclude={"at"})
    return {"feedback_id": message.message_id} | fields | {"at": message.at}
