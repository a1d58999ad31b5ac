"""What a customer said earlier in a call, kept in memory while the call is heard."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from detectors.utterance import CONTEXT_LINES

if TYPE_CHECKING:
    from detectors.utterance import TranscriptLine

MAX_CALLS = 1_024
"""Calls remembered at once; the one that was quiet longest is forgotten first."""
MAX_LINES = 32
"""Lines remembered of a call: more than can come again between two commits, so that a line
that comes again finds the same lines before it."""
MAX_LINE_CHARS = 200
"""Characters kept of a line: its end, which is all that the detector reads of it."""


class LineHistory:
    """The newest final lines of the calls under way, by when they began.

    Nothing of this is written down: these are a person's words. A worker that starts anew knows
    no earlier lines and reads the first ones as if alone; the ids of readings do not change.
    """

    def __init__(self) -> None:
        self._calls: OrderedDict[str, dict[int, str]] = OrderedDict()

    def add_context(self, line: TranscriptLine) -> TranscriptLine:
        """Give a final line with those that began before it, and remember it.

        A line that comes again replaces itself: it is never its own context.
        """
        lines = self._calls.pop(line.call_id, {})
        earlier_starts = sorted(start for start in lines if start < line.span.start_ms)[
            -CONTEXT_LINES:
        ]
        context = tuple(lines[start] for start in earlier_starts)
        lines[line.span.start_ms] = line.text[-MAX_LINE_CHARS:]
        newest_starts = sorted(lines)[-MAX_LINES:]
        self._calls[line.call_id] = {start: lines[start] for start in newest_starts}
        while len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)
        return replace(line, context=context)
