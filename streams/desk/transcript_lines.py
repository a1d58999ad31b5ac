"""A call's transcript as it stands: each line once, in its newest words, and what counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from streams.desk.models import LineMarkView, TranscriptLineView
from streams.store.tables import LINE_MARKS, TRANSCRIPT_LINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from detectors.utterance import TranscriptLine


@dataclass(frozen=True, slots=True)
class CallTranscript:
    """The lines to show.

    Attributes:
        lines: in the order of the call.
        newest_ids: by the id of a line that was told again, its id as it stands.
        marks: what was found out about lines.
    """

    lines: list[TranscriptLineView]
    newest_ids: Mapping[str, str]
    marks: list[LineMarkView]


def load_transcript(connection: Connection, call_id: str) -> CallTranscript:
    """Every line of a call once."""
    marks = (
        connection.execute(select(LINE_MARKS).where(LINE_MARKS.c.call_id == call_id))
        .mappings()
        .all()
    )
    newest_ids = find_newest_ids((mark["line_id"], mark["replaces"]) for mark in marks)
    discounts = {mark["line_id"]: mark["discount"] for mark in marks if mark["discount"]}
    query = (
        select(TRANSCRIPT_LINES)
        .where(TRANSCRIPT_LINES.c.call_id == call_id)
        .order_by(TRANSCRIPT_LINES.c.start_ms, TRANSCRIPT_LINES.c.line_id)
    )
    views = [
        TranscriptLineView.model_validate(dict(row) | {"discount": discounts.get(row["line_id"])})
        for row in connection.execute(query).mappings()
        if row["line_id"] not in newest_ids
    ]
    finals = [view.record for view in views if view.record.final]
    shown = [view for view in views if view.record.final or not _is_over(view.record, finals)]
    return CallTranscript(
        shown, newest_ids, [LineMarkView.model_validate(dict(mark)) for mark in marks]
    )


def find_newest_ids(replacements: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """Each replaced line's newest one, through all that came in between.

    Args:
        replacements: of each mark, the id of its line and the ids that it replaces.
    """
    successors = {old: line_id for line_id, replaced in replacements for old in replaced}
    newest_ids = {}
    for line_id in successors:
        newest, seen = line_id, {line_id}
        while (successor := successors.get(newest)) is not None and successor not in seen:
            newest = successor
            seen.add(newest)
        newest_ids[line_id] = newest
    return newest_ids


def _is_over(partial: TranscriptLine, finals: Iterable[TranscriptLine]) -> bool:
    """Whether a partial line has become a final one, which may begin a little elsewhere."""
    return any(
        final.speaker is partial.speaker
        and 2 * final.span.overlap_ms(partial.span)
        >= max(1, min(final.span.duration_ms, partial.span.duration_ms))
        for final in finals
    )
