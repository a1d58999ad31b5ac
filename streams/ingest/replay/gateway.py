"""Plays calls into Kafka at the speed of life, or faster, many at once."""

from __future__ import annotations

import contextlib
import heapq
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from streams.ingest.replay.played_call import build_end_messages, build_timeline
from streams.kafka.connection import BrokerError, KafkaConnection
from streams.kafka.producer import BlockingProducer
from streams.messages.calls import AudioChunk, CallEvent
from streams.metrics import CHUNKS_SENT, GATEWAY_CALLS, GATEWAY_DELAY_SECONDS
from streams.topics import AUDIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.cloudevents import Message
    from streams.ingest.replay.played_call import MessageFactory, ReplayCall
    from streams.settings import Settings
    from streams.topics import KafkaTopic

SOURCE = "/callmood/gateway/replay"
GATEWAY = "replay"

LINGER_MS = 5
"""How long a message waits for others to travel with: chunks of many calls come together."""

END_TIMEOUT_S = 5.0
"""How long calls that are broken off may take to be told as ended."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What was sent.

    Attributes:
        max_delay_ms: how late the latest message was sent; above a chunk's length the machine is
            too slow for this many calls at this speed.
    """

    call_ids: tuple[str, ...]
    messages: int
    max_delay_ms: int


class ReplayGateway:
    """A gateway whose calls come from files."""

    def __init__(self, broker: str, settings: Settings) -> None:
        connection = KafkaConnection.from_settings(broker, settings)
        self._producer = BlockingProducer(
            connection, source=SOURCE, client_id="callmood-replay", linger_ms=LINGER_MS
        )

    def play(
        self,
        calls: list[tuple[str, ReplayCall]],
        *,
        speed: float = 1.0,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> ReplayResult:
        """Play all calls, starting together; returns when the last message is with Kafka.

        Args:
            calls: their ids and what they say.
            speed: 1 is real time, 2 twice as fast.
            progress: called with the seconds played and the seconds there are.

        Whatever breaks it off, a Ctrl-C too: calls that have started are told as ended before
        the error goes on, as far as Kafka takes it within `END_TIMEOUT_S`.

        Raises:
            BrokerError: Kafka went away, or refused a message.
        """
        start = time.monotonic()
        started_at = datetime.now(UTC)
        total_ms = max((call.recording.duration_ms for _, call in calls), default=0)
        sent_count, max_delay, reported_s = 0, 0.0, 0
        active_calls = _ActiveCalls(calls)
        GATEWAY_CALLS.labels(GATEWAY).set(len(calls))
        try:
            for at_ms, topic, maker in _merge_timelines(calls):
                due = start + at_ms / 1000 / speed
                while (remaining_s := due - time.monotonic()) > 0:
                    time.sleep(remaining_s)
                delay = time.monotonic() - due
                max_delay = max(max_delay, delay)
                at = datetime.fromtimestamp(started_at.timestamp() + due - start, UTC)
                message = maker.make(at)
                active_calls.record(message)
                self._producer.check_failure()
                self._producer.send(topic.name, message, time=at)
                sent_count += 1
                if topic is AUDIO:
                    CHUNKS_SENT.labels(GATEWAY).inc()
                    GATEWAY_DELAY_SECONDS.labels(GATEWAY).observe(max(0.0, delay))
                if at_ms // 1000 > reported_s:
                    reported_s = at_ms // 1000
                    progress(reported_s, total_ms // 1000)
            self._producer.flush()
        except BaseException:
            self._end_active_calls(
                active_calls, at_ms=int(1000 * speed * (time.monotonic() - start))
            )
            raise
        finally:
            GATEWAY_CALLS.labels(GATEWAY).set(0)
        return ReplayResult(
            tuple(call_id for call_id, _ in calls), sent_count, int(max_delay * 1000)
        )

    def close(self) -> None:
        """Let go of Kafka; what is not sent by then is not sent."""
        self._producer.close()

    def _end_active_calls(self, active_calls: _ActiveCalls, *, at_ms: int) -> None:
        deadline = time.monotonic() + END_TIMEOUT_S
        # What broke it off is the news; that Kafka does not take this either is not.
        with contextlib.suppress(BrokerError):
            for topic, maker in active_calls.build_end_messages(at_ms):
                if time.monotonic() > deadline:
                    return
                at = datetime.now(UTC)
                self._producer.send(topic.name, maker.make(at), time=at)
            self._producer.flush(timeout_s=max(0.1, deadline - time.monotonic()))


class _ActiveCalls:
    """Which calls have started and not ended, and how many chunks of each are out."""

    def __init__(self, calls: list[tuple[str, ReplayCall]]) -> None:
        self._calls = dict(calls)
        self._chunk_counts: dict[str, int] = {}

    def record(self, message: Message) -> None:
        """About to be sent. Noted first: after a Ctrl-C a gap is better than a chunk twice."""
        if isinstance(message, AudioChunk):
            self._chunk_counts[message.call_id] = message.sequence + 1
        elif isinstance(message, CallEvent) and message.event == "started":
            self._chunk_counts[message.call_id] = 0
        elif isinstance(message, CallEvent):
            self._chunk_counts.pop(message.call_id, None)

    def build_end_messages(self, at_ms: int) -> Iterator[tuple[KafkaTopic, MessageFactory]]:
        """What ends them all now."""
        for call_id, chunks in self._chunk_counts.items():
            call = self._calls[call_id]
            end_ms = min(at_ms, call.recording.duration_ms)
            yield from build_end_messages(call, call_id, chunks=chunks, at_ms=end_ms)


def _merge_timelines(
    calls: list[tuple[str, ReplayCall]],
) -> Iterator[tuple[int, KafkaTopic, MessageFactory]]:
    """Every call's messages in the order in which they are due."""
    ties = count()
    entries = (
        ((at_ms, next(ties), topic, maker) for at_ms, topic, maker in build_timeline(call, call_id))
        for call_id, call in calls
    )
    for at_ms, _, topic, maker in heapq.merge(*entries, key=lambda due: due[:2]):
        yield at_ms, topic, maker
