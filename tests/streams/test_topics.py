"""One list: what is on a topic is typed, described, exemplified and documented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from streams.cloudevents import BinaryMessage, Message
from streams.settings import Settings
from streams.topics import ALL_TOPICS, TOPICS, KafkaTopic
from tests.streams.examples import EXAMPLES

if TYPE_CHECKING:
    from tests.support.golden import Golden

DOCS = Path("docs")
ids = [topic.name for topic in TOPICS]


def _shown(message: Message) -> str:
    """A message as it lies on Kafka, for people."""
    headers = message.headers(source="/callmood/example", time=EXAMPLES_TIME)
    value = message.value()
    body = f"<{len(value)} bytes>" if isinstance(message, BinaryMessage) else json.loads(value)
    shown = {
        "key": message.key,
        "headers": {name: text.decode() for name, text in headers},
        "value": body,
    }
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


EXAMPLES_TIME = next(iter(EXAMPLES.values())).at  # type: ignore[attr-defined]


@pytest.mark.parametrize("topic", TOPICS, ids=ids)
def test_every_topic_has_a_schema_that_is_what_the_code_says(
    topic: KafkaTopic, golden: Golden
) -> None:
    assert topic.message is not None
    schema = json.dumps(topic.message.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
    golden.check(DOCS / "schemas" / f"{topic.name}.json", schema)


@pytest.mark.parametrize("topic", TOPICS, ids=ids)
def test_every_topic_has_an_example_that_fits_its_schema(topic: KafkaTopic, golden: Golden) -> None:
    message = EXAMPLES[topic.name]
    assert type(message) is topic.message
    if not isinstance(message, BinaryMessage):
        jsonschema.validate(json.loads(message.value()), type(message).model_json_schema())
    golden.check(DOCS / "examples" / f"{topic.name}.json", _shown(message))


@pytest.mark.parametrize("topic", TOPICS, ids=ids)
def test_every_message_survives_the_wire(topic: KafkaTopic) -> None:
    message = EXAMPLES[topic.name]
    assert topic.message is not None
    back = topic.message.decode(message.value(), message.headers(source="/test"))
    assert back == message


@pytest.mark.parametrize("topic", TOPICS, ids=ids)
def test_every_message_is_a_cloud_event(topic: KafkaTopic) -> None:
    headers = dict(EXAMPLES[topic.name].headers(source="/test"))
    for required in ("ce_specversion", "ce_id", "ce_source", "ce_type"):
        assert headers[required]
    assert headers["ce_specversion"] == b"1.0"
    attributes = [name[3:] for name in headers if name.startswith("ce_")]
    assert all(name.isalnum() and name == name.lower() for name in attributes)


def retention_days(name: str, **settings: int) -> float:
    topic = next(one for one in ALL_TOPICS if one.name == name)
    limited = topic.limited_to(Settings(**settings))  # type: ignore[arg-type]
    return int(limited.config["retention.ms"]) / 86_400_000


@pytest.mark.parametrize(
    ("name", "settings", "days"),
    [
        ("transcripts.v1", {}, 7),
        ("transcripts.v1", {"keep_days": 3}, 3),
        ("readings.v1", {"keep_days": 10}, 10),
        ("readings.v1", {"keep_days": 1_000}, 30),
        ("utterances.v1", {"clip_days": 0}, 1),
        ("returning.v1", {"caller_days": 2}, 2),
        ("callmood-worker-callers-changelog", {}, 90),
        ("callmood-worker-callers-changelog", {"caller_days": 0}, 1),
        ("feedback.v1", {"keep_days": 1}, 365),
        ("caller-events.v1", {"caller_days": 0}, 7),
    ],
)
def test_a_setting_shortens_what_kafka_keeps_but_never_below_a_day(
    name: str, settings: dict[str, int], days: float
) -> None:
    assert retention_days(name, **settings) == days


@pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda one: one.name)
def test_no_segment_keeps_a_message_a_quarter_longer_than_its_topic_says(topic: KafkaTopic) -> None:
    assert int(topic.config["segment.ms"]) * 4 <= int(topic.config["retention.ms"])


def test_the_docs_have_a_row_for_every_topic_and_no_other() -> None:
    rows = [
        line.split("|")[1].strip(" `")
        for line in (DOCS / "topics.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    assert rows == [topic.name for topic in ALL_TOPICS]


def test_the_docs_have_a_row_for_every_setting_and_no_other() -> None:
    rows = [
        line.split("|")[1].strip(" `")
        for line in (DOCS / "settings.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    assert rows == [f"CALLMOOD_{name.upper()}" for name in Settings.model_fields]
