"""Topics that are there already follow the settings, and whoever shortens something is told."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from kafka.admin import ConfigResource

from streams.kafka.admin import ensure_topics, open_admin
from streams.settings import Settings
from streams.topics import ALL_TOPICS, AUDIO, CORRECTIONS, TRANSCRIPTS, UTTERANCES

if TYPE_CHECKING:
    import pytest

    from streams.topics import KafkaTopic
    from tests.support.line import TestPipeline

WAIT_S = 30
DAY_MS = 24 * 3_600_000


def wait_for(line: TestPipeline, topic: KafkaTopic, retention_ms: int) -> None:
    """A broker answers before it goes by what it was told."""
    deadline = time.monotonic() + WAIT_S
    while read_configs(line, topic)[topic.name]["retention.ms"] != str(retention_ms):
        assert time.monotonic() < deadline, read_configs(line, topic)[topic.name]["retention.ms"]
        time.sleep(0.1)


def read_configs(line: TestPipeline, *topics: KafkaTopic) -> dict[str, dict[str, str]]:
    """As the broker has them."""
    admin = open_admin(line.broker, Settings())
    try:
        resources = [ConfigResource("TOPIC", topic.name) for topic in topics]
        described = admin.describe_configs(resources, config_filter="all")["topic"]
    finally:
        admin.close()
    return {
        name: {key: entry["value"] for key, entry in values.items()}
        for name, values in described.items()
    }


def changes(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was said of altered topics, and no more."""
    said = [r.message for r in caplog.records if r.message.startswith("topic ")]
    caplog.clear()
    return said


def test_existing_topics_are_altered_when_the_setting_changes_and_back(
    line: TestPipeline, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    try:
        ensure_topics(line.broker, Settings(keep_days=3))
        wait_for(line, TRANSCRIPTS, 3 * DAY_MS)
        altered = read_configs(line, AUDIO, CORRECTIONS)
        assert altered[AUDIO.name]["retention.ms"] == str(DAY_MS // 4)
        assert altered[CORRECTIONS.name]["retention.ms"] == str(3650 * DAY_MS)
        said = changes(caplog)
        retention = "topic transcripts.v1: retention.ms is 259200000 now, it was 604800000"
        assert retention in said
        assert not [line for line in said if AUDIO.name in line or CORRECTIONS.name in line]
        ensure_topics(line.broker, Settings(keep_days=3))
        assert changes(caplog) == []
    finally:
        ensure_topics(line.broker, Settings())
    wait_for(line, TRANSCRIPTS, 7 * DAY_MS)


def test_what_the_broker_has_is_what_the_list_says(line: TestPipeline) -> None:
    present = read_configs(line, *ALL_TOPICS)
    for topic in ALL_TOPICS:
        for name, value in topic.limited_to(Settings()).config.items():
            assert set(present[topic.name][name].split(",")) == set(value.split(","))


def test_a_gateway_alters_nothing_and_other_settings_of_a_topic_stay(line: TestPipeline) -> None:
    admin = open_admin(line.broker, Settings())
    admin.alter_configs(
        [
            ConfigResource(
                "TOPIC", UTTERANCES.name, {"retention.ms": "5", "max.message.bytes": "2000000"}
            )
        ]
    )
    admin.close()
    wait_for(line, UTTERANCES, 5)
    ensure_topics(line.broker, Settings(), alter=False)
    assert read_configs(line, UTTERANCES)[UTTERANCES.name]["retention.ms"] == "5"
    ensure_topics(line.broker, Settings())
    wait_for(line, UTTERANCES, DAY_MS)
    restored = read_configs(line, UTTERANCES)[UTTERANCES.name]
    assert restored["max.message.bytes"] == "2000000"
