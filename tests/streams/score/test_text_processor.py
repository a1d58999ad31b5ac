"""The text processor, fed line by line: whose lines it reads, and with which lines before them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from detectors.labels import EMOTIONS
from detectors.reading import Modality, Reading
from detectors.utterance import Speaker
from streams.cloudevents import now
from streams.messages.calls import TranscriptMessage
from streams.messages.readings import ReadingMessage
from streams.processing.dead_letters import DeadLetters
from streams.processing.ordered_stream import OffsetCommitter
from streams.score.batching import Batcher
from streams.score.text_processor import TextProcessor
from streams.topics import TRANSCRIPTS
from tests.support.faust_events import faust_event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from detectors.utterance import TranscriptLine
    from streams.cloudevents import Message


@dataclass
class Line:
    """Stands where Kafka stands: keeps what is sent."""

    sent: list[Message] = field(default_factory=list)

    async def send(self, topic: object, message: Message) -> None:
        del topic
        self.sent.append(message)

    async def committed(self) -> dict[Any, int]:
        return {}

    async def beginning_offset(self, where: object) -> int:
        del where
        return 0


@dataclass
class Listening:
    """A detector that remembers what it was given."""

    given: list[TranscriptLine] = field(default_factory=list)
    name: str = "listening"
    version: str = "1"
    modality: Modality = Modality.TEXT

    def read(self, item: TranscriptLine) -> Reading:
        self.given.append(item)
        scores = dict.fromkeys(EMOTIONS, 1 / 8)
        return Reading(item.call_id, item.span, Modality.TEXT, self.name, "1", scores, 0.5)

    def read_batch(self, items: Sequence[TranscriptLine]) -> list[Any]:
        return [self.read(item) for item in items]


class Stream:
    """Messages as Faust hands them on."""

    def __init__(self, messages: list[TranscriptMessage]) -> None:
        self._events = [
            faust_event(
                TRANSCRIPTS.name,
                offset=offset,
                key=message.call_id.encode(),
                value=message.value(),
                headers=message.headers(source="/test", time=now()),
            )
            for offset, message in enumerate(messages)
        ]

    def noack(self) -> Stream:
        return self

    async def events(self) -> AsyncIterator[Any]:
        for event in self._events:
            yield event
            await asyncio.sleep(0)


def said(words: str, at_ms: int, **more: Any) -> TranscriptMessage:
    return TranscriptMessage(
        call_id=more.pop("call_id", "call-1"),
        speaker=more.pop("speaker", Speaker.CUSTOMER),
        start_ms=at_ms,
        end_ms=at_ms + 900,
        text=words,
        **more,
    )


async def scored(*messages: TranscriptMessage) -> tuple[list[TranscriptLine], list[ReadingMessage]]:
    line, detector = Line(), Listening()
    batcher: Batcher[TranscriptLine] = Batcher(detector)
    scoring = TextProcessor(
        line,  # type: ignore[arg-type]
        batcher=batcher,
        ordered_stream=OffsetCommitter(line).open_stream(TRANSCRIPTS),  # type: ignore[arg-type]
        dead_letters=DeadLetters(
            line,  # type: ignore[arg-type]
            stage="text",
            on_limit=lambda _: None,
        ),
    )
    await scoring.listen(Stream(list(messages)))
    async with asyncio.timeout(10):
        await asyncio.gather(*scoring._executor._last_tasks.values())
    await batcher.stop()
    return detector.given, [one for one in line.sent if isinstance(one, ReadingMessage)]


async def test_final_lines_of_the_customer_are_read_with_those_before_them() -> None:
    given, readings = await scored(
        said("세 번째 전화예요", 0),
        said("확인해 보겠습니다", 1_000, speaker=Speaker.AGENT),
        said("네", 2_000),
    )
    assert [(line.text, line.context) for line in given] == [
        ("세 번째 전화예요", ()),
        ("네", ("세 번째 전화예요",)),
    ]
    assert len(readings) == 2


async def test_partial_lines_are_neither_read_nor_context() -> None:
    given, readings = await scored(
        said("세 번째", 0, final=False),
        said("세 번째 전화", 0, final=False),
        said("세 번째 전화예요", 0),
        said("그래", 2_000, final=False),
        said("그래서요?", 2_000),
    )
    assert [line.context for line in given] == [(), ("세 번째 전화예요",)]
    assert [one.record.unit_id for one in readings] == [line.line_id for line in given]


async def test_a_line_that_comes_again_is_read_with_the_same_lines_under_the_same_id() -> None:
    lines = [said("세 번째 전화예요", 0), said("네", 2_000), said("그래서요?", 4_000)]
    given, readings = await scored(*lines, *lines[1:])
    assert given[3:] == given[1:3]
    ids = [one.message_id for one in readings]
    assert ids[3:] == ids[1:3]


async def test_calls_side_by_side_keep_their_lines_apart() -> None:
    given, _ = await scored(
        said("당신들 정말 너무하네요", 0, call_id="call-1"),
        said("네", 1_000, call_id="call-2"),
    )
    assert [line.context for line in given] == [(), ()]
