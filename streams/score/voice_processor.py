"""Audio in; turn-taking, the customer's clips and voice readings out.

A chunk is acknowledged only when the utterances that lie in it are read and sent, and how far
the call has been read is written down. A worker that is killed in between rereads the chunk and
finds the same utterances with the same ids (see `detectors.voice.endpointing`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from detectors.channels.channel_fault import ChannelFault, FaultEvidence, FaultKind
from detectors.detector import UnusableUtteranceError
from detectors.reading import Modality
from detectors.utterance import Speaker, TurnKind, Utterance
from streams.cloudevents import now, parse_time
from streams.kafka.record import Record
from streams.messages.calls import AudioChunk, TurnMessage, UtteranceClip
from streams.messages.readings import ReadingMessage
from streams.metrics import (
    ACTIVE_CALLS,
    AUDIO_SECONDS,
    CHUNKS_PROCESSED,
    ECHO_UTTERANCES,
    READINGS_MADE,
    SOUNDS_DETECTED,
    UNUSABLE_ITEMS,
    UTTERANCES_DETECTED,
    observe_stage,
)
from streams.processing.ordered_stream import decode_record
from streams.processing.voice_activity import VoiceActivityLog
from streams.score.call_audio import CallAudio, Clock, Job, is_complete
from streams.topics import AUDIO, READINGS, TURNS, UTTERANCES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.voice.call_segmenter import SegmenterResult
    from detectors.voice.endpointing import SpeechSegment
    from streams.cloudevents import Message
    from streams.kafka.record import TopicPartition
    from streams.processing.channel_faults import FaultyCalls
    from streams.processing.dead_letters import DeadLetters
    from streams.processing.faust_app import CallTable, ProcessorContext
    from streams.processing.offset_tracker import PendingOffset
    from streams.processing.ordered_stream import EventStream, OrderedStream
    from streams.score.batching import Batcher
    from streams.topics import KafkaTopic

log = logging.getLogger("callmood.voice")

IDLE_TIMEOUT_S = 15.0
"""A call whose chunks stop coming without a last one is taken to be over after this."""

RETENTION_S = 900.0
"""An ended call's place is remembered this long, in case its last chunks are read again."""

MAX_JOBS = 512
"""Utterances under way in all calls; then reading audio pauses."""


class VoiceProcessor:
    """The processor of ``audio.v1``."""

    def __init__(  # noqa: PLR0913  (it is where everything meets)
        self,
        context: ProcessorContext,
        *,
        batcher: Batcher[Utterance],
        ordered_stream: OrderedStream,
        table: CallTable,
        dead_letters: DeadLetters,
        faulty_calls: FaultyCalls | None = None,
        activity: VoiceActivityLog | None = None,
    ) -> None:
        self._context = context
        self._batcher = batcher
        self._ordered_stream = ordered_stream
        self._table = table
        self._dead_letters = dead_letters
        self._faulty_calls = faulty_calls
        self._activity = activity or VoiceActivityLog()
        self._calls: dict[str, CallAudio] = {}
        self._job_slots = asyncio.Semaphore(MAX_JOBS)
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, stream: EventStream) -> None:
        """Take chunks for ever."""
        async for record, pending in self._ordered_stream.records(stream):
            accepted = False
            async with self._dead_letters.capture(record):
                await self._handle_chunk(record, pending)
                accepted = True
            if not accepted:
                pending.ack()

    async def _handle_chunk(self, record: Record, pending: PendingOffset) -> None:
        chunk = decode_record(AudioChunk, record)
        call = self._find_call(chunk.call_id, record.partition)
        if call is None or call.has_ended:
            # Behind the last chunk there is nothing to listen to.
            pending.ack()
            return
        result = call.feed(chunk, pending)
        self._activity.update(call.call_id, call.listener.speech_progress, result.turns)
        CHUNKS_PROCESSED.inc()
        AUDIO_SECONDS.inc((chunk.end_ms - chunk.start_ms) / 1000)
        clock = Clock(chunk.end_ms, parse_time(record.headers))
        if (
            result.customer_segments
            or result.turns
            or result.echoes
            or result.is_one_sound
            or result.checkpoint is not None
        ):
            await self._enqueue(call, Job(result, clock, now(), record, call.pop_completed()))
        if chunk.last:
            await self._end_call(call, clock, record, is_last=True)

    def _find_call(self, call_id: str, partition: int) -> CallAudio | None:
        """The call as it is listened to; ``None`` where it is over and read to its end."""
        call = self._calls.get(call_id)
        if call is None:
            saved = self._table.get(call_id)
            if is_complete(saved):
                return None
            call = CallAudio(call_id, partition, saved)
            log.debug("call %s: from %s on", call_id, call.checkpoint.read_until_ms)
            self._calls[call_id] = call
            ACTIVE_CALLS.set(len(self._calls))
        return call

    async def _end_call(
        self, call: CallAudio, clock: Clock, record: Record, *, is_last: bool = False
    ) -> None:
        result = call.listener.finish()
        call.has_ended = True
        self._activity.end(call.call_id)
        job = Job(result, clock, now(), record, call.pop_all(), is_last=is_last)
        await self._enqueue(call, job)

    async def _enqueue(self, call: CallAudio, job: Job) -> None:
        """Hand a job to the call's own task: calls do not wait for each other, jobs do."""
        await self._job_slots.acquire()
        call.jobs.append(job)
        if not call.is_busy:
            call.is_busy = True
            task = asyncio.create_task(self._run_jobs(call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run_jobs(self, call: CallAudio) -> None:
        try:
            while call.jobs:
                job = call.jobs.popleft()
                try:
                    async with self._dead_letters.capture(job.record):
                        await self._run_job(call, job)
                finally:
                    self._job_slots.release()
                for pending in job.pending:
                    pending.ack()
        finally:
            call.is_busy = False
        if call.has_ended and self._calls.get(call.call_id) is call:
            del self._calls[call.call_id]
            ACTIVE_CALLS.set(len(self._calls))

    async def _run_job(self, call: CallAudio, job: Job) -> None:
        """Read and send what was found, then write down how far the call has been read."""
        posts: list[tuple[KafkaTopic, Message]] = [
            (TURNS, TurnMessage.of(turn, heard_at=job.clock.to_instant(turn.span.end_ms)))
            for turn in job.result.turns
        ]
        _count_turns(job.result)
        for segment in await self._find_readable(call, job):
            posts += await self._read(call, job, segment)
        await self._context.send_all(posts)
        if self._is_owner(call) and (job.is_last or job.result.checkpoint is not None):
            call.checkpoint = job.result.checkpoint or call.checkpoint
            call.is_complete = job.is_last
            self._table.put(call.call_id, call.to_json(), partition=call.partition)

    async def _find_readable(self, call: CallAudio, job: Job) -> tuple[SpeechSegment, ...]:
        """The customer's utterances; none of a call in which nobody knows whose they are."""
        if self._faulty_calls is None:
            return job.result.customer_segments
        if job.result.is_one_sound:
            at_ms = max(call.checkpoint.read_until_ms.values(), default=0)
            fault = ChannelFault(call.call_id, FaultKind.ONE_SOUND, FaultEvidence.SAME_SOUND, at_ms)
            await self._faulty_calls.report(fault, partition=call.partition)
        is_faulty = self._faulty_calls.is_faulty(call.call_id)
        return () if is_faulty else job.result.customer_segments

    async def _read(
        self, call: CallAudio, job: Job, segment: SpeechSegment
    ) -> Iterable[tuple[KafkaTopic, Message]]:
        posts: list[tuple[KafkaTopic, Message]] = []
        if call.keep_clips:
            posts.append((UTTERANCES, _build_clip(call.call_id, segment)))
        utterance = Utterance(
            call_id=call.call_id,
            speaker=Speaker.CUSTOMER,
            span=segment.span,
            pcm=segment.pcm,
            language=call.language,
            baseline=call.baseline,
        )
        try:
            reading = await self._batcher.read(utterance)
        except UnusableUtteranceError:
            UNUSABLE_ITEMS.labels(Modality.VOICE).inc()
            return posts
        except Exception as error:  # noqa: BLE001  (this utterance is lost, not the others)
            await self._dead_letters.reject(job.record, _add_span(error, segment))
            return posts
        self._dead_letters.record_success()
        call.baseline = reading.baseline
        heard_at, read_at = job.clock.to_instant(segment.span.end_ms), now()
        observe_stage("endpointing", heard_at, job.found_at)
        observe_stage("reading", job.found_at, read_at)
        READINGS_MADE.labels(Modality.VOICE, reading.label, str(reading.abstained).lower()).inc()
        message = ReadingMessage.of(
            reading, heard_at=heard_at, found_at=job.found_at, read_at=read_at
        )
        return [*posts, (READINGS, message)]

    def _is_owner(self, call: CallAudio) -> bool:
        """Not so after a rebalance: then another worker writes down this call's place."""
        return self._calls.get(call.call_id) is call

    async def expire(self) -> None:
        """End the calls whose chunks have stopped coming; forget calls that ended long ago."""
        current_time = time.monotonic()
        for call in list(self._calls.values()):
            if (
                not call.has_ended
                and not call.is_busy
                and current_time - call.last_activity > IDLE_TIMEOUT_S
            ):
                log.warning(
                    "call %s: no audio for %.0f s and no last chunk; taken to be over",
                    call.call_id,
                    IDLE_TIMEOUT_S,
                )
                await self._end_call(call, Clock(0, None), _build_missing_record(call))
        self._table.expire(RETENTION_S, exclude=self._calls)

    def revoke(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are another worker's now: forget their calls as they are."""
        revoked = {tp.partition for tp in partitions if tp.topic == AUDIO.name}
        for call_id, call in list(self._calls.items()):
            if call.partition in revoked:
                del self._calls[call_id]
        ACTIVE_CALLS.set(len(self._calls))


def _build_missing_record(call: CallAudio) -> Record:
    """Stands for the last record of a call that ended without one."""
    return Record(AUDIO.name, call.partition, offset=-1, key=call.call_id.encode(), value=b"")


def _build_clip(call_id: str, segment: SpeechSegment) -> UtteranceClip:
    return UtteranceClip(
        call_id=call_id,
        start_ms=segment.span.start_ms,
        end_ms=segment.span.end_ms,
        payload=AudioChunk.to_payload(segment.pcm),
    )


def _count_turns(result: SegmenterResult) -> None:
    for turn in result.turns:
        if turn.speaker is None:
            continue
        if turn.kind is TurnKind.SPEECH:
            UTTERANCES_DETECTED.labels(turn.speaker).inc()
        elif turn.kind.is_sound:
            SOUNDS_DETECTED.labels(turn.kind, turn.speaker).inc()
    for speaker, _ in result.echoes:
        ECHO_UTTERANCES.labels(speaker).inc()


def _add_span(error: Exception, segment: SpeechSegment) -> Exception:
    span = segment.span
    return RuntimeError(
        f"utterance {span.start_ms}-{span.end_ms} ms: {type(error).__name__}: {error}"
    )
