"""Puts the processors together: one Faust app, two detectors, the playbooks."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from detectors.reading import Modality
from detectors.registry import find_voice_detector, load
from streams.advise.processor import SOURCES, AdviceProcessor
from streams.callers.processor import CallerProcessor
from streams.kafka.record import TopicPartition
from streams.processing.channel_faults import FaultyCalls
from streams.processing.dead_letters import DeadLetters, LimitReachedError, describe_error
from streams.processing.faust_app import ProcessorContext
from streams.processing.ordered_stream import OffsetCommitter
from streams.processing.voice_activity import VoiceActivityLog
from streams.rules.reloader import PlaybookReloader
from streams.rules.worker_reload import WorkerReloader
from streams.score.batching import Batcher
from streams.score.channel_processor import CHANNEL_SOURCES, ChannelProcessor
from streams.score.text_processor import TextProcessor
from streams.score.voice_processor import VoiceProcessor
from streams.topics import (
    ADVICE_TABLE,
    AUDIO,
    CALL_AUDIO_TABLE,
    CALLER_EVENTS,
    CALLERS_TABLE,
    CHANNELS_TABLE,
    TRANSCRIPTS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.settings import Settings

log = logging.getLogger("callmood.worker")

COMMIT_INTERVAL_S = 1.0
EXPIRY_INTERVAL_S = 2.0
STALL_CHECK_INTERVAL_S = 5.0
"""A partition that stands still this long, with events waiting, is read again."""

STOP_TIMEOUT_S = 10.0


class Worker:
    """One worker process. `run` it; `request_stop` ends it cleanly.

    ``on_ready`` is called whenever it has its partitions: from then on it listens.
    """

    def __init__(
        self, settings: Settings, *, broker: str, on_ready: Callable[[], None] = lambda: None
    ) -> None:
        self._on_ready = on_ready
        self._stop_event = asyncio.Event()
        self._failure: LimitReachedError | None = None
        self._context = context = ProcessorContext(settings, broker=broker)
        self._committer = OffsetCommitter(context)
        self._tables = audio_table, advice_table = (
            context.table(CALL_AUDIO_TABLE),
            context.table(ADVICE_TABLE),
        )
        self._faulty_calls = FaultyCalls(context, context.table(CHANNELS_TABLE))
        self._voice_batcher = Batcher(find_voice_detector(settings.voice).load())
        self._text_batcher = Batcher(load(Modality.TEXT))
        activity = VoiceActivityLog()
        self._voice_processor = VoiceProcessor(
            context,
            batcher=self._voice_batcher,
            ordered_stream=self._committer.open_stream(AUDIO),
            table=audio_table,
            dead_letters=self._build_dead_letters("voice"),
            faulty_calls=self._faulty_calls,
            activity=activity,
        )
        self._text_processor = TextProcessor(
            context,
            batcher=self._text_batcher,
            ordered_stream=self._committer.open_stream(TRANSCRIPTS),
            dead_letters=self._build_dead_letters("text"),
            faulty_calls=self._faulty_calls,
        )
        reloader = PlaybookReloader(settings.playbooks)
        self._reloader = WorkerReloader(reloader)
        self._reloader.load_initial()
        self._advice_processor = AdviceProcessor(
            context,
            reloader=reloader,
            ordered_stream=self._committer.open_stream(*SOURCES),
            table=advice_table,
            dead_letters=self._build_dead_letters("advice"),
            faulty_calls=self._faulty_calls,
            activity=activity,
        )
        self._caller_processor = CallerProcessor(
            context,
            ordered_stream=self._committer.open_stream(CALLER_EVENTS),
            table=context.table(CALLERS_TABLE),
            dead_letters=self._build_dead_letters("callers"),
        )
        self._channel_processor = ChannelProcessor(
            ordered_stream=self._committer.open_stream(*CHANNEL_SOURCES),
            faulty_calls=self._faulty_calls,
            dead_letters=self._build_dead_letters("channels"),
        )
        self._connect(context)

    def _build_dead_letters(self, stage: str) -> DeadLetters:
        return DeadLetters(self._context, stage=stage, on_limit=self._fail)

    def _connect(self, context: ProcessorContext) -> None:
        app = context.app
        app.agent(context.subscribe(AUDIO), name="voice")(self._voice_processor.listen)
        app.agent(context.subscribe(TRANSCRIPTS), name="text")(self._text_processor.listen)
        app.agent(context.subscribe(*SOURCES), name="advice")(self._advice_processor.listen)
        app.agent(context.subscribe(CALLER_EVENTS), name="callers")(self._caller_processor.listen)
        app.agent(context.subscribe(*CHANNEL_SOURCES), name="channels")(
            self._channel_processor.listen
        )
        app.timer(COMMIT_INTERVAL_S, name="commit")(self._commit)
        app.timer(STALL_CHECK_INTERVAL_S, name="watch")(self._reread_stalled)
        app.timer(EXPIRY_INTERVAL_S, name="sweep")(self._expire)
        app.timer(context.settings.rules_poll_s, name="rules")(self._reload_rules)
        app.on_partitions_revoked.connect(self._on_partitions_revoked, weak=False)
        app.on_rebalance_complete.connect(self._on_rebalance_complete, weak=False)

    async def _commit(self, *_: Any) -> None:
        with self._log_errors("commit"):
            await self._committer.commit()

    async def _reread_stalled(self, *_: Any) -> None:
        with self._log_errors("look for waiting events"):
            await self._committer.reread_stalled()

    @contextmanager
    def _log_errors(self, action: str) -> Iterator[None]:
        """A timer that raises would end the app; Kafka that is away for a moment must not."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  (the next tick tries again)
            log.warning("could not %s, trying again: %s", action, describe_error(error))

    async def _expire(self, *_: Any) -> None:
        with self._log_errors("forget ended calls"):
            await self._voice_processor.expire()
            await self._advice_processor.expire()
            await self._caller_processor.expire()
            self._faulty_calls.expire()

    async def _reload_rules(self, *_: Any) -> None:
        with self._log_errors("look for changed rules"):
            await self._reloader.poll()

    async def reload_rules_now(self) -> None:
        """Do not wait for the next regular look."""
        with self._log_errors("look for changed rules"):
            await self._reloader.poll_now()

    async def _on_partitions_revoked(self, *arguments: Any, **_: Any) -> None:
        """Faust's signal: the app, the partitions."""
        partitions = {TopicPartition(*tp) for tp in arguments[1]}
        self._committer.revoke(partitions)
        for table in self._tables:
            table.restart_expiry()
        self._faulty_calls.restart_expiry()
        self._voice_processor.revoke(partitions)
        self._advice_processor.revoke(partitions)
        self._caller_processor.revoke(partitions)

    async def _on_rebalance_complete(self, *_: Any, **__: Any) -> None:
        self._on_ready()

    def _fail(self, error: LimitReachedError) -> None:
        self._failure = error
        self.request_stop()

    def request_stop(self) -> None:
        """End `run`. Safe to call from a signal handler of the loop."""
        self._stop_event.set()

    async def run(self) -> int:
        """Work until asked to stop; returns the exit status: 0, or 3 where too much failed."""
        app = self._context.app
        app.finalize()
        self._context.disable_read_offset_filter()
        start_task = asyncio.create_task(app.start())
        stop_task = asyncio.create_task(self._stop_event.wait())
        await asyncio.wait({start_task, stop_task}, return_when=asyncio.FIRST_COMPLETED)
        if start_task.done() and not self._stop_event.is_set():
            start_task.result()
            stop_task.cancel()
            await self._wait_for_stop_or_crash()
        await self._stop(start_task)
        if self._failure is not None:
            log.error("%s: stopped, so that nothing more is lost", self._failure)
            return 3
        return 1 if app.crashed else 0

    async def _wait_for_stop_or_crash(self) -> None:
        app = self._context.app
        stop_task = asyncio.create_task(self._stop_event.wait())
        crash_task = asyncio.create_task(app.wait_until_stopped())
        await asyncio.wait({stop_task, crash_task}, return_when=asyncio.FIRST_COMPLETED)
        for task in (stop_task, crash_task):
            task.cancel()

    async def _stop(self, start_task: asyncio.Task[Any]) -> None:
        start_task.cancel()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._context.app.stop()
        except TimeoutError:
            log.warning(
                "not everything ended within %.0f s; what was not done is read again",
                STOP_TIMEOUT_S,
            )
        await self._voice_batcher.stop()
        await self._text_batcher.stop()
