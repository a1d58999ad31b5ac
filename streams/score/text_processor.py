"""Transcript lines in, text readings of the customer out. Partial lines are left alone.

What one speaker said in pieces is read as one, and read anew when a piece comes or is corrected:
the reading keeps its id, and the mood counts every id once (decisions 11 and 42).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.detector import UnusableUtteranceError
from detectors.reading import Modality
from streams.cloudevents import now, parse_time
from streams.messages.calls import TranscriptMessage
from streams.messages.readings import ReadingMessage
from streams.metrics import READINGS_MADE, UNUSABLE_ITEMS, observe_stage
from streams.processing.keyed_executor import KeyedExecutor
from streams.processing.ordered_stream import decode_record
from streams.score.line_context import LineHistory, join_unit, with_line_ids
from streams.topics import READINGS

if TYPE_CHECKING:
    from detectors.utterance import TranscriptLine
    from streams.kafka.record import Record
    from streams.processing.channel_faults import FaultyCalls
    from streams.processing.dead_letters import DeadLetters
    from streams.processing.faust_app import ProcessorContext
    from streams.processing.offset_tracker import PendingOffset
    from streams.processing.ordered_stream import EventStream, OrderedStream
    from streams.score.batching import Batcher

MAX_CONCURRENCY = 256


class TextProcessor:
    """The processor of ``transcripts.v1`` for the text detector."""

    def __init__(
        self,
        context: ProcessorContext,
        *,
        batcher: Batcher[TranscriptLine],
        ordered_stream: OrderedStream,
        dead_letters: DeadLetters,
        faulty_calls: FaultyCalls | None = None,
    ) -> None:
        self._context = context
        self._batcher = batcher
        self._ordered_stream = ordered_stream
        self._dead_letters = dead_letters
        self._faulty_calls = faulty_calls
        self._executor = KeyedExecutor(max_concurrency=MAX_CONCURRENCY)
        self._history = LineHistory()

    async def listen(self, stream: EventStream) -> None:
        """Take lines for ever. Calls do not wait for each other; lines of one call do."""
        async for record, pending in self._ordered_stream.records(stream):
            await self._executor.submit(record.decoded_key, self._handle(record, pending))

    async def _handle(self, record: Record, pending: PendingOffset) -> None:
        async with self._dead_letters.capture(record):
            await self._read(record)
        pending.ack()

    async def _read(self, record: Record) -> None:
        message = decode_record(TranscriptMessage, record)
        line = message.record
        if not line.final:
            return
        threaded = self._history.add_context(line)
        if threaded is None:
            return
        if self._faulty_calls is not None and self._faulty_calls.is_faulty(line.call_id):
            return  # nobody knows whose words they are
        found_at = parse_time(record.headers) or now()
        try:
            reading = await self._batcher.read(join_unit(threaded))
        except UnusableUtteranceError:
            UNUSABLE_ITEMS.labels(Modality.TEXT).inc()
            return
        reading = with_line_ids(reading, threaded)
        read_at = now()
        observe_stage("reading", found_at, read_at)
        READINGS_MADE.labels(Modality.TEXT, reading.label, str(reading.abstained).lower()).inc()
        await self._context.send(
            READINGS,
            ReadingMessage.of(
                reading, heard_at=message.heard_at, found_at=found_at, read_at=read_at
            ),
        )
        self._dead_letters.record_success()
