"""Who was heard when in the calls under way, for judging lines by it. In memory, bounded.

The voice processor and the one that judges lines work in one process, on the same calls. Turns
on Kafka come half a second later than the voice itself, and lines do not wait for them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from detectors.utterance import Speaker, TimeSpan, TurnKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.utterance import TranscriptLine, Turn
    from detectors.voice.call_segmenter import SpeechProgress

MAX_CALLS = 1_024
MAX_SPANS = 256
"""Stretches of speech remembered of one speaker, about ten minutes of talk."""

NEAR_MS = 700
"""Recognisers' times are off by as much: speech this near to a line may be what it says."""

MIN_SPEECH_MS = 1_000
"""A channel with less speech than this in the whole call cannot vouch against words."""

MIN_OWN_RATIO = 0.3
MAX_OTHER_RATIO = 0.2
"""A line is its speaker's own when this much of it was heard from them, and at most that of the
other."""


@dataclass(slots=True)
class SpeakerActivity:
    """What was heard of one speaker.

    Attributes:
        start_ms: when listening began; a worker that starts anew knows nothing before.
        until_ms: how far was listened.
    """

    start_ms: int
    until_ms: int
    spans: deque[TimeSpan] = field(default_factory=lambda: deque(maxlen=MAX_SPANS))
    open_span: TimeSpan | None = None
    speech_ms: int = 0

    def update(self, progress: SpeechProgress, turns: Iterable[Turn]) -> None:
        """Take in what one chunk brought.

        An utterance that ends without a turn was too short for one; it was heard all the same.
        One that ends as something else than speech was not.
        """
        ended = self.open_span
        self.until_ms = max(self.until_ms, progress.until_ms)
        since_ms = progress.open_since_ms
        self.open_span = None if since_ms is None else TimeSpan(since_ms, progress.until_ms)
        if ended is not None and (self.open_span is None or ended.start_ms != since_ms):
            turn_kinds = [turn.kind for turn in turns if turn.span.overlap_ms(ended)]
            if not turn_kinds or TurnKind.SPEECH in turn_kinds:
                self._add(ended)
        for turn in turns:
            if turn.kind is TurnKind.SPEECH:
                self._add(turn.span)
                self.speech_ms += turn.span.duration_ms

    def _add(self, span: TimeSpan) -> None:
        if span not in self.spans:
            self.spans.append(span)

    @property
    def all_spans(self) -> tuple[TimeSpan, ...]:
        """Every stretch of speech, the open one included."""
        return (*self.spans, *([self.open_span] if self.open_span else ()))

    def overlap_ms(self, span: TimeSpan) -> int:
        """How much was heard in a span, at most its length."""
        return min(span.duration_ms, sum(part.overlap_ms(span) for part in self.all_spans))

    def is_near(self, span: TimeSpan) -> bool:
        """Whether anything was heard in a span or near it."""
        return any(part.gap_ms(span) <= NEAR_MS for part in self.all_spans)


@dataclass(slots=True)
class _CallActivity:
    speakers: dict[Speaker, SpeakerActivity] = field(default_factory=dict)
    matched_lines: int = 0
    is_over: bool = False
    changes: list[asyncio.Event] = field(default_factory=list)

    def wake(self) -> None:
        for change in self.changes:
            change.set()


class VoiceActivityLog:
    """The calls under way; the one that was quiet longest is forgotten first."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, _CallActivity] = OrderedDict()

    def update(
        self, call_id: str, progress: Iterable[SpeechProgress], turns: Iterable[Turn]
    ) -> None:
        """Take in what one chunk of a call brought."""
        call = self._calls.pop(call_id, None) or _CallActivity()
        self._calls[call_id] = call
        turns = tuple(turns)
        for part in progress:
            activity = call.speakers.setdefault(
                part.speaker, SpeakerActivity(part.start_ms, part.start_ms)
            )
            activity.update(part, [turn for turn in turns if turn.speaker is part.speaker])
        call.wake()
        while len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)[1].wake()

    def end(self, call_id: str) -> None:
        """A call's audio is over: nobody needs to wait for more of it."""
        if (call := self._calls.get(call_id)) is not None:
            call.is_over = True
            call.wake()

    def is_vouched(self, line: TranscriptLine) -> bool:
        """Whether the speaker of a line was heard in it, and the other was not."""
        call = self._calls.get(line.call_id)
        own = call.speakers.get(line.speaker) if call else None
        if call is None or own is None:
            return False
        length_ms = max(1, line.span.duration_ms)
        if own.overlap_ms(line.span) < MIN_OWN_RATIO * length_ms:
            return False
        other = call.speakers.get(line.speaker.other)
        other_ms = other.overlap_ms(line.span) if other else 0
        return other_ms <= MAX_OTHER_RATIO * length_ms

    async def is_silent(self, line: TranscriptLine, *, timeout_s: float) -> bool:
        """Whether a line stands where its channel, which carries speech elsewhere, carries none.

        Words on a call whose lines never fell where their speaker was heard are believed: then
        the times, or the channels, are wrong. So are words where nothing was listened to.

        Args:
            line: a final line.
            timeout_s: how long to wait for the audio of a line that may be such a one; no other
                line waits.
        """
        call = self._calls.get(line.call_id)
        own = call.speakers.get(line.speaker) if call else None
        if call is None or own is None:
            return False
        if own.is_near(line.span):
            call.matched_lines += 1
            return False
        end_ms = line.span.end_ms + NEAR_MS
        may_be_silent = (
            call.matched_lines > 0
            and own.speech_ms >= MIN_SPEECH_MS
            and own.start_ms <= line.span.start_ms
        )
        if not may_be_silent or not await _wait_until(call, own, end_ms, timeout_s):
            return False
        return not own.is_near(line.span)


async def _wait_until(
    call: _CallActivity, activity: SpeakerActivity, until_ms: int, timeout_s: float
) -> bool:
    """Whether a speaker's channel was listened to so far, in time."""
    change = asyncio.Event()
    call.changes.append(change)
    try:
        async with asyncio.timeout(timeout_s):
            while activity.until_ms < until_ms and not call.is_over:
                change.clear()
                await change.wait()
    except TimeoutError:
        return False
    finally:
        call.changes.remove(change)
    return activity.until_ms >= until_ms
