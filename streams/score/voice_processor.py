"""Audio in; turn-taking, the customer's clips and voice readings out.

A chunk is acknowledged only when the utterances that lie in it are read and sent, and how far
the call has been read is written down. A worker that is killed in between rereads the chunk and
finds the same utterances with the same ids (see `detectors.voice.endpointing`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from detectors.detector import UnusableUtteranceError
from detectors.reading import Modality
from detectors.utterance import Speaker, Utterance
from streams.cloudevents import now, time_of
from streams.messages.records import AudioChunk, ReadingMessage, TurnMessage, UtteranceClip
from streams.metrics import (
    AUDIO_SECONDS,
    CALLS_LISTENED,
    CHUNKS_READ,
    READINGS_MADE,
    UNUSABLE,
    UTTERANCES_FOUND,
    observe_stage,
)
from streams.processing.ordered_stream import decoded
from streams.score.call_audio import Clock, Job, OngoingCall, is_over
from streams.topics import AUDIO, READINGS, TURNS, UTTERANCES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.voice.call_segmenter import Heard
    from detectors.voice.endpointing import Found
    from streams.cloudevents import Message
    from streams.processing.dead_letters import DeadLetters
    from streams.processing.faust_app import CallTable, Line
    from streams.processing.offset_tracker import Hold, Where
    from streams.processing.ordered_stream import Intake
    from streams.score.batching import Batcher
    from streams.topics import KafkaTopic

log = logging.getLogger("callmood.voice")

IDLE_S = 15.0
"""A call whose chunks stop coming without a last one is taken to be over after this."""

REMEMBER_S = 900.0
"""An ended call's place is remembered this long, in case its last chunks are read again."""

MAX_JOBS = 512
"""Utterances under way in all calls; then reading audio pauses."""


class VoiceScoring:
    """The processor of ``audio.v1``."""

    def __init__(
        self,
        line: Line,
        *,
        batcher: Batcher[Utterance],
        intake: Intake,
        table: CallTable,
        dead_letters: DeadLetters,
    ) -> None:
        self._line = line
        self._batcher = batcher
        self._intake = intake
        self._table = table
        self._dead_letters = dead_letters
        self._calls: dict[str, OngoingCall] = {}
        self._room = asyncio.Semaphore(MAX_JOBS)
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, stream: Any) -> None:
        """Take chunks for ever."""
        async for event, hold in self._intake.events(stream):
            taken = False
            async with self._dead_letters.catching(event):
                await self._take(event, hold)
                taken = True
            if not taken:
                hold.release()

    async def _take(self, event: Any, hold: Hold) -> None:
        chunk = decoded(AudioChunk, event)
        call = self._call(chunk.call_id, event.message.partition)
        if call is None or call.ended:
            # Behind the last chunk there is nothing to listen to.
            hold.release()
            return
        heard = call.take(chunk, hold)
        CHUNKS_READ.inc()
        AUDIO_SECONDS.inc((chunk.end_ms - chunk.start_ms) / 1000)
        clock = Clock(chunk.end_ms, time_of(event.headers.items()))
        if heard.customer or heard.turns or heard.checkpoint is not None:
            await self._enqueue(call, Job(heard, clock, now(), event, call.decided()))
        if chunk.last:
            await self._end(call, clock, event, for_good=True)

    def _call(self, call_id: str, partition: int) -> OngoingCall | None:
        """The call as it is listened to; ``None`` where it is over and read to its end."""
        call = self._calls.get(call_id)
        if call is None:
            remembered = self._table.get(call_id)
            if is_over(remembered):
                return None
            call = OngoingCall(call_id, partition, remembered)
            log.debug("call %s: from %s on", call_id, call.checkpoint.read_until_ms)
            self._calls[call_id] = call
            CALLS_LISTENED.set(len(self._calls))
        return call

    async def _end(
        self, call: OngoingCall, clock: Clock, event: Any, *, for_good: bool = False
    ) -> None:
        heard = call.listener.finish()
        call.ended = True
        job = Job(heard, clock, now(), event, call.everything(), closes=for_good)
        await self._enqueue(call, job)

    async def _enqueue(self, call: OngoingCall, job: Job) -> None:
        """Hand a job to the call's own task: calls do not wait for each other, jobs do."""
        await self._room.acquire()
        call.jobs.append(job)
        if not call.busy:
            call.busy = True
            task = asyncio.create_task(self._work(call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, call: OngoingCall) -> None:
        try:
            while call.jobs:
                job = call.jobs.popleft()
                try:
                    async with self._dead_letters.catching(job.cause):
                        await self._do(call, job)
                finally:
                    self._room.release()
                for hold in job.releases:
                    hold.release()
        finally:
            call.busy = False
        if call.ended and self._calls.get(call.call_id) is call:
            del self._calls[call.call_id]
            CALLS_LISTENED.set(len(self._calls))

    async def _do(self, call: OngoingCall, job: Job) -> None:
        """Read and send what was found, then write down how far the call has been read."""
        posts: list[tuple[KafkaTopic, Message]] = [
            (TURNS, TurnMessage.of(turn, heard_at=job.clock.when(turn.span.end_ms)))
            for turn in job.heard.turns
        ]
        _count(job.heard)
        for found in job.heard.customer:
            posts += await self._read(call, job, found)
        await self._line.send_all(posts)
        if self._is_ours(call) and (job.closes or job.heard.checkpoint is not None):
            call.checkpoint = job.heard.checkpoint or call.checkpoint
            call.over = job.closes
            self._table.put(call.call_id, call.to_json(), partition=call.partition)

    async def _read(
        self, call: OngoingCall, job: Job, found: Found
    ) -> Iterable[tuple[KafkaTopic, Message]]:
        posts: list[tuple[KafkaTopic, Message]] = []
        if call.keep_clips:
            posts.append((UTTERANCES, _clip(call.call_id, found)))
        utterance = Utterance(
            call_id=call.call_id,
            speaker=Speaker.CUSTOMER,
            span=found.span,
            pcm=found.pcm,
            language=call.language,
            baseline=call.baseline,
        )
        try:
            reading = await self._batcher.read(utterance)
        except UnusableUtteranceError:
            UNUSABLE.labels(Modality.VOICE).inc()
            return posts
        except Exception as error:  # noqa: BLE001  (this utterance is lost, not the others)
            await self._dead_letters.set_aside(job.cause, _with_span(error, found))
            return posts
        self._dead_letters.worked()
        call.baseline = reading.baseline
        heard_at, read_at = job.clock.when(found.span.end_ms), now()
        observe_stage("endpointing", heard_at, job.found_at)
        observe_stage("reading", job.found_at, read_at)
        READINGS_MADE.labels(Modality.VOICE, reading.label, str(reading.abstained).lower()).inc()
        message = ReadingMessage.of(
            reading, heard_at=heard_at, found_at=job.found_at, read_at=read_at
        )
        return [*posts, (READINGS, message)]

    def _is_ours(self, call: OngoingCall) -> bool:
        """Not so after a rebalance: then another worker writes down this call's place."""
        return self._calls.get(call.call_id) is call

    async def sweep(self) -> None:
        """End the calls whose chunks have stopped coming; forget calls that ended long ago."""
        present = time.monotonic()
        for call in list(self._calls.values()):
            if not call.ended and not call.busy and present - call.touched > IDLE_S:
                log.warning(
                    "call %s: no audio for %.0f s and no last chunk; taken to be over",
                    call.call_id,
                    IDLE_S,
                )
                await self._end(call, Clock(0, None), _Nowhere(call.call_id, call.partition))
        self._table.forget_older(REMEMBER_S, but=self._calls)

    def revoke(self, partitions: Iterable[Where]) -> None:
        """These partitions are another worker's now: forget their calls as they are."""
        gone = {one.partition for one in partitions if one.topic == AUDIO.name}
        for call_id, call in list(self._calls.items()):
            if call.partition in gone:
                del self._calls[call_id]
        CALLS_LISTENED.set(len(self._calls))


class _Nowhere:
    """Stands for the event of a call that ended without one."""

    def __init__(self, call_id: str, partition: int) -> None:
        self.message = self
        self.topic, self.partition, self.offset = AUDIO.name, partition, -1
        self.key, self.value = call_id.encode(), b""


def _clip(call_id: str, found: Found) -> UtteranceClip:
    return UtteranceClip(
        call_id=call_id,
        start_ms=found.span.start_ms,
        end_ms=found.span.end_ms,
        payload=AudioChunk.to_payload(found.pcm),
    )


def _count(heard: Heard) -> None:
    for turn in heard.turns:
        if turn.kind == "speech" and turn.speaker is not None:
            UTTERANCES_FOUND.labels(turn.speaker).inc()


def _with_span(error: Exception, found: Found) -> Exception:
    span = found.span
    return RuntimeError(
        f"utterance {span.start_ms}-{span.end_ms} ms: {type(error).__name__}: {error}"
    )
