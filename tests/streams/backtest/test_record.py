"""Whatever a file holds: each line that cannot be used is named, and nothing is held or hangs."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from streams.backtest import record_lines as subject
from streams.backtest.call_sorter import Period
from streams.backtest.record_lines import LineProblems, read_lines
from streams.backtest.recorded_call import (
    RECORDED_TOPICS,
    RecordError,
    RecordLineError,
    encode_record,
    parse_header,
    parse_message,
)
from streams.backtest.sources import RecordFile, open_source, parse_time
from streams.backtest.topic_reader import KafkaCallSource
from streams.settings import Settings
from streams.topics import CALLS, READINGS
from tests.streams.backtest.recording import T0, call, record, rule, rules, said, started, tried

if TYPE_CHECKING:
    from pathlib import Path

GOOD = started("c1")


def changed(**attributes: Any) -> bytes:
    event = json.loads(GOOD.line) | attributes
    return json.dumps({key: one for key, one in event.items() if one is not None}).encode()


def refused(line: bytes) -> str:
    with pytest.raises(RecordLineError) as caught:
        parse_header(line)
    return str(caught.value)


def test_a_line_is_a_cloudevent_in_structured_json() -> None:
    event = json.loads(said("c1", 5, "hello").line)
    assert event["specversion"] == "1.0"
    assert (event["type"], event["subject"]) == ("callmood.transcript.v1", "c1")
    assert event["data"]["text"] == "hello"
    head = parse_header(GOOD.line)
    assert (head.call_id, head.sent_at, head.is_call_start) == ("c1", T0, True)
    assert parse_message(GOOD.line) == GOOD.message


def test_everything_that_the_playbooks_processor_reads_is_recorded() -> None:
    assert {topic.name for topic in RECORDED_TOPICS} >= {
        "calls.v1", "transcripts.v1", "turns.v1", "readings.v1"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"type": "callmood', "is no JSON"),
        (b"\xff\xfe\x00\x01", "is no JSON"),
        (b'{"a": "\xff"}', "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[1, 2]", "is no JSON object"),
        (b"{}", "it has no type"),
        (changed(type="callmood.mood.v1"), "its type 'callmood.mood.v1' is none of callmood.call"),
        (changed(data=None), "it has no data"),
        (changed(data="text"), "it has no data"),
        (changed(data={"call_id": "a b"}), "no call_id as calls have: 'a b'"),
        (changed(data={"call_id": 7}), "no call_id as calls have: 7"),
        (changed(subject="other"), "its subject is 'other', but its data is of call 'c1'"),
        (changed(time=None), "no instant with a time zone"),
        (changed(time="2026-03-02T09:00:00"), "no instant with a time zone"),
        (changed(time="0001-01-01T00:00:00+14:00"), "no instant with a time zone"),
    ],
)
def test_a_line_that_is_no_event_of_a_call_says_why(line: bytes, says: str) -> None:
    assert says in refused(line)


def test_bad_lines_are_passed_over_counted_and_the_first_of_them_named(tmp_path: Path) -> None:
    path = record(tmp_path / "r", call("c1", (5.0, "my card")))
    bad = b"".join(b"nothing\n" for _ in range(9))
    wrong = changed(data={"call_id": "c1", "event": "started"}) + b"\n"
    path.write_bytes(bad + wrong + path.read_bytes())
    problems = LineProblems("r")
    before = rules(tmp_path / "rules", card=rule("card", "card"))
    assert tried(path, before, before, problems=problems).total.same == 1
    assert problems.count == 10
    assert [line.split(":")[1] for line in problems.lines] == ["1", "2", "3", "4", "5"]


def test_data_that_is_not_what_its_type_says_is_named_with_its_line(tmp_path: Path) -> None:
    path = record(tmp_path / "r", [started("c1")])
    wrong = changed(data={"call_id": "c1", "event": "begun"}) + b"\n"
    path.write_bytes(path.read_bytes() + wrong)
    problems = LineProblems("r")
    tried(path, None, None, problems=problems)
    assert problems.lines == [
        "r:2: event: Input should be 'started' or 'ended'; at: Field required"
    ]


@pytest.mark.parametrize("bad", [b"nothing\n", changed(data={"call_id": "c1"}) + b"\n"])
def test_strictly_the_first_bad_line_ends_it(tmp_path: Path, bad: bytes) -> None:
    path = record(tmp_path / "r", [started("c1")])
    path.write_bytes(path.read_bytes() + bad)
    with pytest.raises(RecordError, match=r"^r:2: .*; mend it, or leave out --strict$"):
        tried(path, None, None, problems=LineProblems("r", strict=True))


def test_a_line_without_end_is_passed_over_and_never_held(tmp_path: Path) -> None:
    path, problems = tmp_path / "r", LineProblems("r")
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(200):
            file.write(b" " * 1_048_576)
        file.write(b"\n" + GOOD.line)
    tracemalloc.start()
    (good,) = read_lines(path, problems)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert good.number == 2
    assert problems.lines == ["r:1: it is longer than 1048576 bytes"]
    assert held < 20 * 1_048_576


def test_a_gzipped_record_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "record"
    path.write_bytes(gzip.compress(GOOD.line * 3))
    assert [one.content for one in read_lines(path, LineProblems("r"))] == [GOOD.line] * 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzip.compress(GOOD.line * 999)[:-9], "the gzip file ends in the middle"),
        (gzip.compress(GOOD.line * 999)[:-8] + b"x" * 8, "the gzip file is damaged"),
        (b"", "nothing is recorded in it; `callmood calls export"),
        (b"\n\n \n", "nothing is recorded in it"),
        (gzip.compress(b""), "nothing is recorded in it"),
        (bytes(range(256)) * 40, "none of its 41 lines is an event of a call; the first: "),
        (b"a,b\n1,2\n", "none of its 2 lines is an event of a call; the first: r:1: it is no JSON"),
    ],
)
def test_a_file_that_is_no_record_is_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    path, problems = tmp_path / "r", LineProblems("r")
    path.write_bytes(content)
    with pytest.raises(RecordError) as caught:
        tried(path, None, None, problems=problems)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_first_problems_are_kept_whatever_order_they_come_in() -> None:
    problems = LineProblems("r")
    for number in (9, 3, 7, 1, 8, 2, 6):
        problems.add(number, "bad")
    assert [line.split(":")[1] for line in problems.lines] == ["1", "2", "3", "6", "7"]
    assert (problems.count, subject.MAX_LISTED_PROBLEMS) == (7, 5)


def test_a_kafka_record_becomes_the_line_that_a_file_has() -> None:
    message = started("c1").message
    headers = message.headers(source="gateway", time=T0)
    line = encode_record(CALLS, message.value(), headers, key=b"c1", sent_at=T0 + timedelta(days=1))
    head = parse_header(line)
    assert (head.call_id, head.sent_at, parse_message(line)) == ("c1", T0, message)


def test_a_kafka_record_without_headers_was_sent_when_the_broker_had_it() -> None:
    line = encode_record(CALLS, GOOD.message.value(), [], key=b"c1", sent_at=T0)
    assert parse_header(line).sent_at == T0


def test_a_kafka_record_of_another_call_than_its_key_is_refused() -> None:
    line = encode_record(CALLS, GOOD.message.value(), [], key=b"c2", sent_at=T0)
    assert "its subject is 'c2', but its data is of call 'c1'" in refused(line)


NOW = datetime(2026, 3, 9, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("7d", NOW - timedelta(days=7)),
        ("12h", NOW - timedelta(hours=12)),
        ("30m", NOW - timedelta(minutes=30)),
        ("2026-03-02T09:00+00:00", T0),
        ("2026-03-02 18:00+09:00", T0),
        ("2026-03-02T09:00:00Z", T0),
    ],
)
def test_a_moment_is_so_long_ago_or_an_instant_with_its_zone(text: str, means: datetime) -> None:
    assert parse_time(text, now=NOW) == means


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("yesterday", "'yesterday' is no time: write 7d, 12h or 2026-03-09T"),
        ("2026-03-02", "does not say in which time zone"),
        ("7 days", "is no time"),
        ("", "is no time"),
    ],
)
def test_what_is_no_moment_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_time(text, now=NOW)
    assert says in str(caught.value)


def test_a_file_is_read_before_a_topic_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = Settings(kafka="kafka:9092")
    assert isinstance(open_source(READINGS.name, Period(), here), KafkaCallSource)
    record(tmp_path / READINGS.name, [GOOD])
    assert isinstance(open_source(READINGS.name, Period(), here), RecordFile)
    assert isinstance(open_source("kafka", Period(), here), KafkaCallSource)


@pytest.mark.parametrize(
    ("word", "says"),
    [("nowhere.jsonl", "no such file"), ("moods.v1", "no recorded calls"), (".", "no file")],
)
def test_a_word_that_names_no_record_is_refused(word: str, says: str) -> None:
    with pytest.raises(RecordError, match=says):
        open_source(word, Period(), Settings())
