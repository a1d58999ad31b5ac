"""Lines and turns in; out, that a call's channels look exchanged.

What it has seen of a call is in memory only: these are a person's words. A worker that starts
anew needs a few more lines to be as certain.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from detectors.channels.channel_check import check_channels
from detectors.utterance import Speaker, TimeSpan, TranscriptLine, TurnKind
from streams.messages.calls import TranscriptMessage, TurnMessage
from streams.processing.keyed_executor import KeyedExecutor
from streams.processing.ordered_stream import decode_record
from streams.topics import TRANSCRIPTS, TURNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.channels.channel_fault import ChannelFault
    from streams.kafka.record import Record
    from streams.processing.channel_faults import FaultyCalls
    from streams.processing.dead_letters import DeadLetters
    from streams.processing.offset_tracker import PendingOffset
    from streams.processing.ordered_stream import EventStream, OrderedStream

CHANNEL_SOURCES = (TRANSCRIPTS, TURNS)

MAX_CALLS: Final = 1_024
"""Calls remembered at once; the one that was quiet longest is forgotten first."""

MAX_LINES: Final = 64
"""The first lines of a call: whose channel is whose does not change in it, and is plain by then."""

MAX_SPANS: Final = 256
MAX_CONCURRENCY: Final = 256

SETTLED_MS: Final = 1_500
"""Speech that was found so much later than a line ended has what was spoken with it."""


@dataclass(slots=True)
class ChannelEvidence:
    """What was said and when somebody spoke, in the first minutes of one call."""

    lines: dict[tuple[Speaker, TimeSpan, str], TranscriptLine] = field(default_factory=dict)
    spans: dict[Speaker, deque[TimeSpan]] = field(
        default_factory=lambda: {speaker: deque(maxlen=MAX_SPANS) for speaker in Speaker}
    )

    def add(self, message: TranscriptMessage | TurnMessage) -> bool:
        """Take a line or a turn; whether it says something new."""
        record = message.record
        if isinstance(record, TranscriptLine):
            if not record.final or len(self.lines) >= MAX_LINES:
                return False
            self.lines[record.speaker, record.span, record.text] = record
            return True
        if record.kind is not TurnKind.SPEECH or record.speaker is None:
            return False
        self.spans[record.speaker].append(record.span)
        return bool(self.lines)

    def check(self) -> ChannelFault | None:
        """Whether the sides look exchanged, by the lines whose time has been listened to."""
        ends = [span.end_ms for spans in self.spans.values() for span in spans]
        settled_ms = max(ends, default=0) - SETTLED_MS
        if not ends:
            return check_channels(self.lines.values(), {})
        lines: Iterable[TranscriptLine] = (
            line for line in self.lines.values() if line.span.end_ms <= settled_ms
        )
        return check_channels(lines, {s: [*spans] for s, spans in self.spans.items()})


class ChannelProcessor:
    """The processor that compares each call's words with its sound."""

    def __init__(
        self,
        *,
        ordered_stream: OrderedStream,
        faulty_calls: FaultyCalls,
        dead_letters: DeadLetters,
    ) -> None:
        self._ordered_stream = ordered_stream
        self._faulty_calls = faulty_calls
        self._dead_letters = dead_letters
        self._executor = KeyedExecutor(max_concurrency=MAX_CONCURRENCY)
        self._evidence: OrderedDict[str, ChannelEvidence] = OrderedDict()

    async def listen(self, stream: EventStream) -> None:
        """Take lines and turns for ever."""
        async for record, pending in self._ordered_stream.records(stream):
            await self._executor.submit(record.decoded_key, self._handle(record, pending))

    async def _handle(self, record: Record, pending: PendingOffset) -> None:
        async with self._dead_letters.capture(record):
            await self._check(record)
        pending.ack()

    async def _check(self, record: Record) -> None:
        message = (
            decode_record(TranscriptMessage, record)
            if record.topic == TRANSCRIPTS.name
            else decode_record(TurnMessage, record)
        )
        if self._faulty_calls.is_faulty(message.call_id):
            self._evidence.pop(message.call_id, None)
            return
        evidence = self._find_evidence(message.call_id)
        if evidence.add(message) and (fault := evidence.check()) is not None:
            await self._faulty_calls.report(fault, partition=record.partition)

    def _find_evidence(self, call_id: str) -> ChannelEvidence:
        evidence = self._evidence.setdefault(call_id, ChannelEvidence())
        self._evidence.move_to_end(call_id)
        while len(self._evidence) > MAX_CALLS:
            self._evidence.popitem(last=False)
        return evidence
