"""Puts the processors together: one Faust app, two detectors, the playbooks."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from detectors.reading import Modality
from detectors.registry import load, voice_at
from streams.advise.processor import SOURCES, Advising
from streams.callers.processor import Recognising
from streams.processing.dead_letters import DeadLetters, LimitReachedError, one_line
from streams.processing.faust_app import Line
from streams.processing.ordered_stream import Intakes
from streams.rules.reloader import RulesInForce
from streams.rules.worker_reload import Following
from streams.score.batching import Batcher
from streams.score.text_processor import TextScoring
from streams.score.voice_processor import VoiceScoring
from streams.topics import (
    ADVICE_TABLE,
    AUDIO,
    CALLER_EVENTS,
    CALLERS_TABLE,
    LISTENING_TABLE,
    TRANSCRIPTS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.settings import Settings

log = logging.getLogger("callmood.worker")

COMMIT_S = 1.0
SWEEP_S = 2.0
WATCH_S = 5.0
"""A partition that stands still this long, with events waiting, is read again."""

STOP_S = 10.0


class Worker:
    """One worker process. `run` it; `ask_to_stop` ends it cleanly.

    ``on_ready`` is called whenever it has its partitions: from then on it listens.
    """

    def __init__(
        self, settings: Settings, *, broker: str, on_ready: Callable[[], None] = lambda: None
    ) -> None:
        self._on_ready = on_ready
        self._stopping = asyncio.Event()
        self._failure: LimitReachedError | None = None
        self._line = line = Line(settings, broker=broker)
        self._intakes = Intakes(line)
        self._tables = listening, advice = line.table(LISTENING_TABLE), line.table(ADVICE_TABLE)
        self._voice_batcher = Batcher(voice_at(settings.voice).load())
        self._text_batcher = Batcher(load(Modality.TEXT))
        self._voice = VoiceScoring(
            line,
            batcher=self._voice_batcher,
            intake=self._intakes.of(AUDIO),
            table=listening,
            dead_letters=self._dead_letters("voice"),
        )
        self._text = TextScoring(
            line,
            batcher=self._text_batcher,
            intake=self._intakes.of(TRANSCRIPTS),
            dead_letters=self._dead_letters("text"),
        )
        rules = RulesInForce(settings.playbooks)
        self._following = Following(rules)
        self._following.begin()
        self._advising = Advising(
            line,
            rules=rules,
            intake=self._intakes.of(*SOURCES),
            table=advice,
            dead_letters=self._dead_letters("advice"),
        )
        self._recognising = Recognising(
            line,
            intake=self._intakes.of(CALLER_EVENTS),
            table=line.table(CALLERS_TABLE),
            dead_letters=self._dead_letters("callers"),
        )
        self._connect(line)

    def _dead_letters(self, stage: str) -> DeadLetters:
        return DeadLetters(self._line, stage=stage, on_limit=self._give_up)

    def _connect(self, line: Line) -> None:
        app = line.app
        app.agent(line.reads(AUDIO), name="voice")(self._voice.listen)
        app.agent(line.reads(TRANSCRIPTS), name="text")(self._text.listen)
        app.agent(line.reads(*SOURCES), name="advice")(self._advising.listen)
        app.agent(line.reads(CALLER_EVENTS), name="callers")(self._recognising.listen)
        app.timer(COMMIT_S, name="commit")(self._commit)
        app.timer(WATCH_S, name="watch")(self._watch)
        app.timer(SWEEP_S, name="sweep")(self._sweep)
        app.timer(line.settings.rules_poll_s, name="rules")(self._look_at_rules)
        app.on_partitions_revoked.connect(self._revoked, weak=False)
        app.on_rebalance_complete.connect(self._ready, weak=False)

    async def _commit(self, *_: Any) -> None:
        with self._going_on("commit"):
            await self._intakes.commit()

    async def _watch(self, *_: Any) -> None:
        with self._going_on("look for waiting events"):
            await self._intakes.watch()

    @contextmanager
    def _going_on(self, what: str) -> Iterator[None]:
        """A timer that raises would end the app; Kafka that is away for a moment must not."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  (the next tick tries again)
            log.warning("could not %s, trying again: %s", what, one_line(error))

    async def _sweep(self, *_: Any) -> None:
        with self._going_on("forget ended calls"):
            await self._voice.sweep()
            await self._advising.sweep()
            await self._recognising.sweep()

    async def _look_at_rules(self, *_: Any) -> None:
        with self._going_on("look for changed rules"):
            await self._following.look()

    async def look_at_rules_now(self) -> None:
        """Do not wait for the next regular look."""
        with self._going_on("look for changed rules"):
            await self._following.look_now()

    async def _revoked(self, _app: Any, revoked: Any, **_: Any) -> None:
        self._intakes.forget(revoked)
        for table in self._tables:
            table.begin_again()
        self._voice.revoke(revoked)
        self._advising.revoke(revoked)
        self._recognising.revoke(revoked)

    async def _ready(self, *_: Any, **__: Any) -> None:
        self._on_ready()

    def _give_up(self, error: LimitReachedError) -> None:
        self._failure = error
        self.ask_to_stop()

    def ask_to_stop(self) -> None:
        """End `run`. Safe to call from a signal handler of the loop."""
        self._stopping.set()

    async def run(self) -> int:
        """Work until asked to stop; returns the exit status: 0, or 3 where too much failed."""
        app = self._line.app
        app.finalize()
        self._line.leave_offsets_to_intake()
        starting = asyncio.create_task(app.start())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and not self._stopping.is_set():
            starting.result()
            stopping.cancel()
            await self._until_asked_or_crashed()
        await self._stop(starting)
        if self._failure is not None:
            log.error("%s: stopped, so that nothing more is lost", self._failure)
            return 3
        return 1 if app.crashed else 0

    async def _until_asked_or_crashed(self) -> None:
        app = self._line.app
        asked = asyncio.create_task(self._stopping.wait())
        crashed = asyncio.create_task(app.wait_until_stopped())
        await asyncio.wait({asked, crashed}, return_when=asyncio.FIRST_COMPLETED)
        for task in (asked, crashed):
            task.cancel()

    async def _stop(self, starting: asyncio.Task[Any]) -> None:
        starting.cancel()
        try:
            async with asyncio.timeout(STOP_S):
                await self._line.app.stop()
        except TimeoutError:
            log.warning(
                "not everything ended within %.0f s; what was not done is read again", STOP_S
            )
        await self._voice_batcher.stop()
        await self._text_batcher.stop()
