"""A bad message is set aside with one clear line; the good ones before and after are read."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from detectors.utterance import Language, Speaker
from streams.messages.calls import TranscriptMessage
from streams.messages.dead_letters import DeadLetter
from streams.messages.readings import ReadingMessage
from streams.topics import AUDIO, CALLS, DEAD_LETTERS, READINGS, TRANSCRIPTS, KafkaTopic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.kafka.local.child_process import ChildProcess
    from tests.support.line import TestPipeline

GOOD = "명세서를 보니까 수수료가 두 번 나갔는데 정말 화가 나네요"


@pytest.fixture(scope="module")
def worker(line: TestPipeline) -> Iterator[ChildProcess]:
    with line.worker() as child:
        yield child


def _say(line: TestPipeline, call_id: str, start_ms: int) -> None:
    message = TranscriptMessage(
        call_id=call_id,
        speaker=Speaker.CUSTOMER,
        start_ms=start_ms,
        end_ms=start_ms + 3_000,
        text=GOOD,
        language=Language.KOREAN,
    )
    line.send_raw(
        TRANSCRIPTS, message.value(), key=call_id, headers=message.headers(source="/test")
    )


def _json(**fields: object) -> bytes:
    given = {"call_id": "x", "speaker": "customer", "start_ms": 0, "end_ms": 5, "text": "네"}
    import json  # noqa: PLC0415

    return json.dumps(given | fields).encode()


@pytest.mark.parametrize(
    ("name", "topic", "value", "told"),
    [
        ("no-json", TRANSCRIPTS, b"not json", "Invalid JSON"),
        ("no-utf8", TRANSCRIPTS, b'{"text": "\xff\xfe"}', "Invalid JSON"),
        ("negative", TRANSCRIPTS, _json(start_ms=-5), "start_ms: Input should be greater"),
        ("backwards", TRANSCRIPTS, _json(start_ms=9), "end_ms 5 is before start_ms 9"),
        ("nobody", TRANSCRIPTS, _json(speaker="ghost"), "speaker: Input should be 'customer'"),
        ("long", TRANSCRIPTS, _json(text="ㅋ" * 5_000), "text: String should have at most"),
        ("empty", TRANSCRIPTS, b"", "Invalid JSON"),
        ("no-headers", AUDIO, bytes(3_200), "sequence: Field required"),
        ("no-event", CALLS, b'{"call_id": "a"}', "event: Field required"),
    ],
)
def test_a_bad_message_is_set_aside_with_its_reason_and_the_next_one_is_read(  # noqa: PLR0913
    *,
    line: TestPipeline,
    worker: ChildProcess,
    name: str,
    topic: KafkaTopic,
    value: bytes,
    told: str,
) -> None:
    del worker
    call_id = f"bad-{name}"
    _say(line, call_id, 0)
    line.send_raw(topic, value, key=call_id)
    _say(line, call_id, 10_000)

    letters = line.read(DEAD_LETTERS, call_id=call_id, until=lambda found: len(found) >= 1)
    for letter in letters:
        assert isinstance(letter, DeadLetter)
        assert told in letter.reason
        assert "\n" not in letter.reason
        assert letter.source_topic == topic.name
        assert letter.payload == (b"" if topic is AUDIO else value)
    read = line.read(READINGS, call_id=call_id, until=lambda found: len(_starts(found)) == 2)
    assert _starts(read) == {0, 10_000}


def _starts(found: list[object]) -> set[int]:
    return {one.record.span.start_ms for one in found if isinstance(one, ReadingMessage)}


def test_a_message_of_two_megabytes_stops_nothing(line: TestPipeline, worker: ChildProcess) -> None:
    del worker
    _allow_large(line, AUDIO)
    line.send_raw(AUDIO, bytes(2_000_000), key="huge", headers=_chunk_headers("huge"))
    letter = line.read(DEAD_LETTERS, call_id="huge", until=bool)[0]
    assert isinstance(letter, DeadLetter)
    assert letter.size == 2_000_000
    assert letter.payload == b"", "dead letters keep no sound"
    assert "payload: Data should have at most 65536 bytes" in letter.reason
    _say(line, "huge", 0)
    assert line.read(READINGS, call_id="huge", until=bool)


def _chunk_headers(call_id: str) -> list[tuple[str, bytes]]:
    given = {"ce_subject": call_id, "ce_sequence": "0", "ce_startms": "0"}
    return [(name, text.encode()) for name, text in given.items()]


def _allow_large(line: TestPipeline, topic: KafkaTopic) -> None:
    admin = KafkaAdminClient(bootstrap_servers=line.broker)
    limit = {"max.message.bytes": "4000000", **topic.config}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, limit)])
    admin.close()


@pytest.mark.parametrize("command", [["worker"], ["replay"], ["topics", "create"]])
def test_without_a_broker_there_is_one_clear_line(command: list[str]) -> None:
    env = {**os.environ, "CALLMOOD_KAFKA": "127.0.0.1:9", "CALLMOOD_KAFKA_TIMEOUT_S": "2"}
    ended = subprocess.run(
        [sys.executable, "-m", "streams.cli", *command],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    *logged, line = ended.stderr.strip().splitlines()
    assert all(" I callmood.worker: rules: " in one for one in logged)
    assert line.startswith("callmood: no Kafka answers at 127.0.0.1:9 ")
    assert "callmood kafka" in line
