"""A click seals a call over a real Kafka, and the commands agree with the desk."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from streams.messages.evidence import EvidenceSeal
from streams.topics import ALERTS, CALLS, SEALS, STEPS, TRANSCRIPTS
from tests.support.protocol import CALL, SEAL, THIRD

if TYPE_CHECKING:
    from streams.cloudevents import Message
    from streams.topics import KafkaTopic
    from tests.support.line import TestPipeline

PATH = quote(CALL.call_id, safe="")


def send(line: TestPipeline, topic: KafkaTopic, message: Message) -> None:
    headers = message.headers(source="test")
    line.send_raw(topic, message.value(), key=message.call_id, headers=headers)


def command(line: TestPipeline, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", "evidence", *words],
        env=line.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def sealed(line: TestPipeline, count: int) -> list[str]:
    """The hashes of the call's first seals on the topic."""
    found = line.read(SEALS, call_id=CALL.call_id, until=lambda seen: len(seen) >= count)
    return [one.sha256 for one in found if isinstance(one, EvidenceSeal)]


def test_a_click_seals_the_call_and_its_hash_is_on_a_topic(line: TestPipeline) -> None:
    with line.desk() as url, httpx.Client(base_url=url, timeout=30) as http:
        send(line, CALLS, CALL.start_event())
        for said in CALL.lines:
            send(line, TRANSCRIPTS, CALL.line(said))
        send(line, ALERTS, THIRD)
        click = f"/api/alerts/{quote(THIRD.message_id, safe='~')}/steps/{SEAL}"
        for _ in range(2_000):  # until the desk has the alert: each try is a request
            answered = http.post(click, json={"given_by": "seoyeon"})
            if answered.status_code == 200:
                break
        assert answered.status_code == 200, answered.text
        assert len(line.read(STEPS, call_id=CALL.call_id, until=bool)) == 1
        (first,) = sealed(line, 1)
        bundle = line.home / "it.zip"
        bundle.write_bytes(http.get(f"/api/calls/{PATH}/evidence/{first}").content)
        by_hand = command(line, "seal", CALL.call_id, "--by", "minsu")
        assert by_hand.returncode == 0, by_hand.stderr
        hashes = sealed(line, 2)
        assert f"sha256 {hashes[1]}" in by_hand.stdout
    checked = command(line, "verify", str(bundle))
    assert checked.returncode == 0, checked.stderr
    assert f"sha256 {first}" in checked.stdout
    bundle.write_bytes(bundle.read_bytes()[:-1])
    assert command(line, "verify", str(bundle)).returncode == 2
