"""The voice processor, fed chunk by chunk: what it holds, what it lets go, what it refuses."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from detectors.labels import Emotion
from detectors.reading import Modality, Reading
from detectors.registry import load
from streams.cloudevents import now
from streams.ingest.replay.played_call import build_timeline, demo_calls, load_call
from streams.messages.calls import AudioChunk
from streams.messages.dead_letters import DeadLetter
from streams.messages.readings import ReadingMessage
from streams.processing.dead_letters import DeadLetters, LimitReachedError
from streams.processing.ordered_stream import OffsetCommitter
from streams.score.batching import Batcher
from streams.score.voice_processor import VoiceProcessor
from streams.topics import AUDIO
from tests.support.faust_events import faust_event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from detectors.utterance import Utterance
    from streams.cloudevents import Message
    from streams.kafka.record import TopicPartition


@dataclass
class Line:
    """Stands where Kafka stands: keeps what is sent, and where it was committed."""

    sent: list[Message] = field(default_factory=list)
    commits: dict[TopicPartition, int] = field(default_factory=dict)

    async def send_all(self, posts: list[tuple[Any, Message]]) -> None:
        self.sent += [message for _, message in posts]

    async def send_dead_letter(self, message: Message, *, source: str, stage: str) -> None:
        del source, stage
        self.sent.append(message)

    async def committed(self) -> dict[TopicPartition, int]:
        return {}

    async def beginning_offset(self, where: TopicPartition) -> int:
        del where
        return 0

    async def commit(self, offsets: dict[TopicPartition, int]) -> bool:
        self.commits.update(offsets)
        return True

    def of(self, kind: type[Message]) -> list[Any]:
        return [one for one in self.sent if isinstance(one, kind)]


class Table(dict[str, Any]):
    def put(self, call_id: str, value: dict[str, Any], *, partition: int) -> None:
        del partition
        self[call_id] = value

    def expire(self, seconds: float, *, exclude: Any) -> None:
        del seconds, exclude


class Stream:
    """Chunks as Faust hands them on."""

    def __init__(self, chunks: list[AudioChunk], *, keys: list[bytes] | None = None) -> None:
        self.pause: tuple[int | None, Callable[[], Awaitable[None]]] | None = None
        self._events = [
            faust_event(
                AUDIO.name,
                offset=offset,
                key=keys[offset] if keys else chunk.call_id.encode(),
                value=chunk.value(),
                headers=chunk.headers(source="/test", time=now()),
            )
            for offset, chunk in enumerate(chunks)
        ]

    def noack(self) -> Stream:
        return self

    async def events(self) -> AsyncIterator[Any]:
        for event in self._events:
            if self.pause and self.pause[0] == event.message.offset:
                await self.pause[1]()
            yield event
            await asyncio.sleep(0)


class Even:
    """A detector that hears nothing in any voice, at once."""

    name, version, modality = "even", "0", Modality.VOICE

    def read(self, item: Utterance) -> Reading:
        return Reading(
            call_id=item.call_id,
            span=item.span,
            modality=Modality.VOICE,
            detector=self.name,
            version=self.version,
            scores={Emotion.NEUTRAL: 1.0},
            confidence=0.9,
            baseline=item.baseline,
        )

    def read_batch(self, items: list[Utterance]) -> list[Reading]:
        return [self.read(item) for item in items]


class Broken:
    """A detector that is broken, as a model file with a bad sector would be."""

    name, version, modality = "broken", "0", Modality.VOICE

    def read(self, item: object) -> Any:
        del item
        message = "the model is broken"
        raise OSError(message)

    def read_batch(self, items: object) -> Any:
        return self.read(items)


def chunks(call_id: str = "c") -> list[AudioChunk]:
    call = load_call(demo_calls()[0])
    made = [
        maker.make(now()) for _, topic, maker in build_timeline(call, call_id) if topic is AUDIO
    ]
    return [one for one in made if isinstance(one, AudioChunk)]


def ended_early() -> list[AudioChunk]:
    given = chunks()[:99]
    return [
        *given,
        given[-1].model_copy(update={"sequence": 99, "start_ms": 19_800, "last": True}),
    ]


LATE = ended_early()[-1].model_copy(update={"sequence": 100, "start_ms": 20_000, "last": False})


@dataclass
class Ran:
    line: Line
    committed: int
    gave_up: list[LimitReachedError]


async def run(
    stream: Stream,
    detector: Any = None,
    *,
    table: Table | None = None,
    settle_before: int | None = None,
) -> Ran:
    """Take a stream to its end; ``settle_before``: all work is done before this chunk comes."""
    line, gave_up = Line(), []
    batcher: Batcher[Any] = Batcher(detector or load(Modality.VOICE))
    intakes = OffsetCommitter(line)  # type: ignore[arg-type]
    scoring = VoiceProcessor(
        line,  # type: ignore[arg-type]
        batcher=batcher,
        ordered_stream=intakes.open_stream(AUDIO),
        table=Table() if table is None else table,  # type: ignore[arg-type]
        dead_letters=DeadLetters(line, stage="voice", on_limit=gave_up.append),  # type: ignore[arg-type]
    )

    async def settled() -> None:
        while scoring._tasks:
            await asyncio.wait(set(scoring._tasks))

    stream.pause = (settle_before, settled)
    await scoring.listen(stream)
    await settled()
    await intakes.commit()
    await batcher.stop()
    return Ran(line, line.commits.get((AUDIO.name, 0), 0), gave_up)  # type: ignore[call-overload]


async def test_a_whole_call_is_read_and_committed_to_its_end() -> None:
    given = chunks()
    ran = await run(Stream(given))
    assert len(ran.line.of(ReadingMessage)) > 5
    assert ran.committed == len(given)


async def test_a_chunk_behind_the_last_one_holds_nothing_back() -> None:
    ran = await run(Stream([*ended_early(), LATE]), Even())
    assert ran.committed == 101


async def test_nor_does_one_that_comes_when_the_call_is_read_and_forgotten() -> None:
    """The worker was faster than the gateway: the call must not be begun again for it."""
    stream = Stream([*ended_early(), LATE])
    ran = await run(stream, Even(), settle_before=100)
    assert ran.committed == 101
    assert len(ran.line.of(ReadingMessage)) > 0


async def test_a_chunk_read_again_behind_a_call_that_is_over_holds_nothing_back() -> None:
    """A worker that is killed after the last reading, before the commit, begins with it."""
    table = Table()
    first = await run(Stream(ended_early()), Even(), table=table)
    again = await run(Stream(ended_early()), Even(), table=table)
    assert again.committed == 100
    assert len(first.line.of(ReadingMessage)) > 0
    assert again.line.of(ReadingMessage) == []


async def test_a_chunk_with_a_wrong_clock_is_set_aside_and_does_not_deafen_us() -> None:
    given = chunks()
    expected = await run(Stream(given))
    astray = given[50].model_copy(update={"start_ms": 3_600_000})
    ran = await run(Stream([*given[:50], astray, *given[50:]]))
    assert len(ran.line.of(DeadLetter)) == 1
    assert "ahead of the call" in ran.line.of(DeadLetter)[0].reason
    ids = [[one.message_id for one in each.line.of(ReadingMessage)] for each in (ran, expected)]
    assert ids[0] == ids[1]


async def test_a_key_that_names_another_call_is_refused() -> None:
    given = chunks()[:3]
    ran = await run(Stream(given, keys=[b"c", b"other", b"c"]))
    (letter,) = ran.line.of(DeadLetter)
    assert "is not the call id c" in letter.reason
    assert letter.payload == b"", "dead letters keep no sound"


@pytest.mark.parametrize("key", [b"a\n", b"\xff", None])
async def test_whatever_the_key_is_a_bad_message_stops_nothing(key: bytes | None) -> None:
    given = chunks()
    keys = [b"c"] * len(given)
    keys[3] = key  # type: ignore[call-overload]
    ran = await run(Stream(given, keys=keys))
    assert len(ran.line.of(DeadLetter)) == 1
    assert ran.committed == len(given)


@pytest.mark.slow
async def test_a_broken_detector_stops_the_worker_instead_of_losing_a_day_of_calls() -> None:
    given = [chunk for number in range(40) for chunk in chunks(f"c{number}")]
    ran = await run(Stream(given), Broken())
    assert len(ran.gave_up) > 0
    assert "of the last" in str(ran.gave_up[0])
