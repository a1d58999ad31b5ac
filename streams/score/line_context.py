"""What was said earlier in a call, kept in memory while the call is heard."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from detectors.line_ledger import Ledger, find_thread, take_line
from detectors.utterance import CONTEXT_LINES, MAX_LINE_LENGTH, Speaker, TimeSpan

if TYPE_CHECKING:
    from detectors.reading import Reading
    from detectors.utterance import TranscriptLine

MAX_CALLS = 1_024
"""Calls remembered at once; the one that was quiet longest is forgotten first."""
MAX_LINES = 32
"""Lines remembered of a call: more than can come again between two commits, so that a line
that comes again finds the same lines before it."""
MAX_LINE_CHARS = 200
"""Characters kept of a line: its end, which is all that the detector reads of it."""


@dataclass(slots=True)
class _CallLines:
    """The newest lines of both speakers, and those of the customer by the id they first had."""

    ledger: Ledger = ()
    texts: dict[str, tuple[int, str]] = field(default_factory=dict)


class LineHistory:
    """The newest final lines of the calls under way, by when they began.

    Nothing of this is written down: these are a person's words. A worker that starts anew knows
    no earlier lines and reads the first ones as if alone; the ids of readings do not change.
    """

    def __init__(self) -> None:
        self._calls: OrderedDict[str, _CallLines] = OrderedDict()

    def add_context(self, line: TranscriptLine) -> TranscriptLine | None:
        """Give a customer's final line with those that began before it, and remember it.

        Returns:
            The line with its context and its thread; ``None`` where there is nothing to read:
            an agent's line, an earlier state of a known one, or what leaked from the agent.
        """
        lines = self._calls.pop(line.call_id, None) or _CallLines()
        self._calls[line.call_id] = lines
        while len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)
        lines.ledger = take_line(lines.ledger, line).ledger
        entry = next((e for e in lines.ledger if e.line_id == line.line_id), None)
        if entry is None or entry.discount or line.speaker is not Speaker.CUSTOMER:
            return None
        thread = find_thread(tuple(e for e in lines.ledger if e is not entry), entry)
        context = _find_context(lines.texts, before_ms=thread.unit_start_ms)
        for line_id in entry.ids:
            lines.texts.pop(line_id, None)
        lines.texts[line.line_id] = line.span.start_ms, line.text[-MAX_LINE_CHARS:]
        newest = sorted(lines.texts.items(), key=lambda item: item[1][0])[-MAX_LINES:]
        lines.texts = dict(newest)
        return replace(line, context=context, thread=thread)


def _find_context(texts: dict[str, tuple[int, str]], *, before_ms: int) -> tuple[str, ...]:
    earlier = sorted((item for item in texts.values() if item[0] < before_ms), key=lambda i: i[0])
    return tuple(text for _, text in earlier[-CONTEXT_LINES:])


def join_unit(line: TranscriptLine) -> TranscriptLine:
    """A line together with the pieces that are read with it, as one."""
    before = [piece.text for piece in line.thread.before if piece.in_unit]
    after = [piece.text for piece in line.thread.after if piece.in_unit]
    start_ms = min(line.thread.unit_start_ms, line.span.start_ms)
    return replace(
        line,
        text=" ".join((*before, line.text, *after))[-MAX_LINE_LENGTH:],
        span=TimeSpan(start_ms, line.span.end_ms),
    )


def with_line_ids(reading: Reading, line: TranscriptLine) -> Reading:
    """A reading of a joined line, and which lines it is of."""
    before = (piece.line_id for piece in line.thread.before if piece.in_unit)
    after = (piece.line_id for piece in line.thread.after if piece.in_unit)
    return replace(reading, unit_id=line.thread.unit_id, line_ids=(*before, line.line_id, *after))
