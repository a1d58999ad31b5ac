"""One bad message never stops a call: it is set aside with its reason, and the rest goes on."""

from __future__ import annotations

import logging
import re
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from detectors.errors import summarize_error
from streams.cloudevents import MessageError
from streams.ids import CALL_ID_PATTERN
from streams.messages.base import MAX_CHUNK_BYTES
from streams.messages.dead_letters import DeadLetter
from streams.topics import AUDIO, UTTERANCES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from streams.kafka.record import Record
    from streams.processing.faust_app import ProcessorContext

log = logging.getLogger("callmood.dead_letters")

UNKNOWN_CALL = "unknown"


class LimitReachedError(RuntimeError):
    """So much fails that the fault is not in the messages: this worker must stop."""


class DlqLimit:
    """Says when too many of the last messages have failed (getsentry/arroyo's DlqLimit)."""

    def __init__(self, *, window: int = 200, ratio: float = 0.5) -> None:
        self._outcomes: deque[bool] = deque(maxlen=window)
        self._ratio = ratio

    def record(self, *, failed: bool) -> None:
        """One more message.

        Raises:
            LimitReachedError: the window is full and more than its share has failed.
        """
        outcomes = self._outcomes
        outcomes.append(failed)
        if failed and len(outcomes) == outcomes.maxlen:
            count = sum(outcomes)
            if count > self._ratio * len(outcomes):
                message = f"{count} of the last {len(outcomes)} messages failed"
                raise LimitReachedError(message)


class DeadLetters:
    """Where a stage's failures go."""

    def __init__(
        self,
        context: ProcessorContext,
        *,
        stage: str,
        on_limit: Callable[[LimitReachedError], None],
    ) -> None:
        self._context = context
        self._stage = stage
        self._limit = DlqLimit()
        self._on_limit = on_limit

    @asynccontextmanager
    async def capture(self, record: Record) -> AsyncIterator[None]:
        """Whatever is raised inside sets the record aside instead."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  (that is its purpose)
            await self.reject(record, error)

    def record_success(self) -> None:
        """A piece of this stage's work succeeded: it is not failing on everything."""
        self._limit.record(failed=False)

    async def reject(self, record: Record, error: Exception) -> None:
        """Send one record to the dead letters."""
        try:
            letter = build_dead_letter(record, error, stage=self._stage)
        except ValueError as encoding_error:
            log.warning("a dead letter could not be written: %s", describe_error(encoding_error))
            return
        origin = f"{letter.source_topic}[{letter.source_partition}]@{letter.source_offset}"
        log.warning("%s: set aside: %s", origin, letter.reason)
        await self._context.send_dead_letter(letter, source=letter.source_topic, stage=self._stage)
        # A message that is not what it should be says nothing about this worker.
        if not isinstance(error, MessageError):
            self._record_failure()

    def _record_failure(self) -> None:
        try:
            self._limit.record(failed=True)
        except LimitReachedError as error:
            self._on_limit(error)


def build_dead_letter(record: Record, error: Exception, *, stage: str) -> DeadLetter:
    """What is sent for a record.

    Sound stays where it is and is forgotten there: dead letters are kept longer.
    """
    is_sound = record.topic in (AUDIO.name, UTTERANCES.name)
    return DeadLetter(
        call_id=_decode_call_id(record.decoded_key),
        reason=describe_error(error)[:1_000],
        stage=stage,
        source_topic=record.topic,
        source_partition=record.partition,
        source_offset=record.offset,
        size=len(record.value),
        payload=b"" if is_sound else bytes(record.value[:MAX_CHUNK_BYTES]),
    )


def describe_error(error: Exception) -> str:
    """What went wrong, as one line; of what is not ours also the kind of error."""
    text = summarize_error(error)
    return text if isinstance(error, MessageError) else f"{type(error).__name__}: {text}"


def _decode_call_id(key: str) -> str:
    return key if re.fullmatch(CALL_ID_PATTERN, key) and "\n" not in key else UNKNOWN_CALL
