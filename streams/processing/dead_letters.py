"""One bad message never stops a call: it is set aside with its reason, and the line goes on."""

from __future__ import annotations

import logging
import re
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from streams.cloudevents import MessageError
from streams.ids import CALL_ID_PATTERN
from streams.messages.base import MAX_CHUNK_BYTES
from streams.messages.dead_letters import DeadLetter
from streams.topics import AUDIO, UTTERANCES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

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
    async def capture(self, event: Any) -> AsyncIterator[None]:
        """Whatever is raised inside sets the event aside instead."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  (that is its purpose)
            await self.reject(event, error)

    def record_success(self) -> None:
        """A piece of this stage's work succeeded: it is not failing on everything."""
        self._limit.record(failed=False)

    async def reject(self, event: Any, error: Exception) -> None:
        """Send one event to the dead letters."""
        try:
            letter = build_dead_letter(event.message, error, stage=self._stage)
        except ValueError as encoding_error:
            log.warning("a dead letter could not be written: %s", summarize_error(encoding_error))
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


def build_dead_letter(message: Any, error: Exception, *, stage: str) -> DeadLetter:
    """What is sent for a message (anything with topic, partition, offset, key, value).

    Sound stays where it is and is forgotten there: dead letters are kept longer.
    """
    value = message.value or b""
    payload = b"" if message.topic in (AUDIO.name, UTTERANCES.name) else value[:MAX_CHUNK_BYTES]
    return DeadLetter(
        call_id=_decode_call_id(message.key),
        reason=summarize_error(error)[:1_000],
        stage=stage,
        source_topic=message.topic,
        source_partition=message.partition,
        source_offset=message.offset,
        size=len(value),
        payload=bytes(payload),
    )


def summarize_error(error: Exception) -> str:
    """What went wrong, as one line."""
    text = " ".join(str(error).split()) or "no details"
    return text if isinstance(error, MessageError) else f"{type(error).__name__}: {text}"


def _decode_call_id(key: bytes | None) -> str:
    text = (key or b"").decode("utf-8", errors="replace")
    return text if re.fullmatch(CALL_ID_PATTERN, text) and "\n" not in text else UNKNOWN_CALL
