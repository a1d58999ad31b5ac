"""Transcript lines in, text readings of the customer out. Partial lines are left alone.

A reading's id is that of its line, and the mood counts every id once: the reading of a partial
line would keep the final one from counting (decision 11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectors.detector import UnusableUtteranceError
from detectors.reading import Modality
from detectors.utterance import Speaker, TranscriptLine
from streams.cloudevents import now, time_of
from streams.messages.records import ReadingMessage, TranscriptMessage
from streams.metrics import READINGS_MADE, UNUSABLE, observe_stage
from streams.processing.keyed_executor import InTurn
from streams.processing.ordered_stream import decoded
from streams.score.line_context import EarlierLines
from streams.topics import READINGS

if TYPE_CHECKING:
    from streams.processing.dead_letters import DeadLetters
    from streams.processing.faust_app import Line
    from streams.processing.offset_tracker import Hold
    from streams.processing.ordered_stream import Intake
    from streams.score.batching import Batcher

MAX_UNDER_WAY = 256


class TextScoring:
    """The processor of ``transcripts.v1`` for the text detector."""

    def __init__(
        self,
        line: Line,
        *,
        batcher: Batcher[TranscriptLine],
        intake: Intake,
        dead_letters: DeadLetters,
    ) -> None:
        self._line = line
        self._batcher = batcher
        self._intake = intake
        self._dead_letters = dead_letters
        self._in_turn = InTurn(at_once=MAX_UNDER_WAY)
        self._earlier = EarlierLines()

    async def listen(self, stream: Any) -> None:
        """Take lines for ever. Calls do not wait for each other; lines of one call do."""
        async for event, hold in self._intake.events(stream):
            call = (event.message.key or b"").decode("utf-8", errors="replace")
            await self._in_turn.do(call, self._handle(event, hold))

    async def _handle(self, event: Any, hold: Hold) -> None:
        async with self._dead_letters.catching(event):
            await self._read(event)
        hold.release()

    async def _read(self, event: Any) -> None:
        message = decoded(TranscriptMessage, event)
        if message.speaker is not Speaker.CUSTOMER or not message.final:
            return
        found_at = time_of(event.headers.items()) or now()
        try:
            reading = await self._batcher.read(self._earlier.joined_to(message.line))
        except UnusableUtteranceError:
            UNUSABLE.labels(Modality.TEXT).inc()
            return
        read_at = now()
        observe_stage("reading", found_at, read_at)
        READINGS_MADE.labels(Modality.TEXT, reading.label, str(reading.abstained).lower()).inc()
        await self._line.send(
            READINGS,
            ReadingMessage.of(
                reading, heard_at=message.heard_at, found_at=found_at, read_at=read_at
            ),
        )
        self._dead_letters.worked()
