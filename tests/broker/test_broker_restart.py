"""Kafka goes away in mid-call and comes back: the call is read to its end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from streams.ingest.replay.gateway import ReplayGateway
from streams.ingest.replay.played_call import demo_calls, load_call
from streams.kafka.admin import ensure_topics
from streams.kafka.local.broker import start_kafka
from streams.messages.readings import ReadingMessage
from streams.settings import Settings
from streams.topics import READINGS
from tests.support.line import TestPipeline

if TYPE_CHECKING:
    from pathlib import Path


def test_a_broker_that_restarts_in_mid_call_costs_no_reading(tmp_path: Path) -> None:
    here = Settings()
    broker = start_kafka(home=tmp_path / "kafka", jars=here.jars)
    port = int(broker.bootstrap.rpartition(":")[2])
    ensure_topics(broker.bootstrap, here)
    line = TestPipeline(broker.bootstrap, tmp_path)
    call = load_call(demo_calls()[0])
    try:
        with line.worker() as worker:
            gateway = ReplayGateway(line.broker, here)
            playing = threading.Thread(
                target=gateway.play, args=([("restart", call)],), kwargs={"speed": 6.0}
            )
            playing.start()
            line.read(READINGS, call_id="restart", until=lambda found: len(found) >= 4)
            broker.stop()
            broker = start_kafka(home=tmp_path / "kafka", jars=here.jars, port=port)
            playing.join()
            gateway.close()
            line.wait_until_done()
            assert worker.process.poll() is None, worker.exit_report()
        found = line.read(READINGS, call_id="restart", until=None)
        starts = {one.record.span.start_ms for one in found if isinstance(one, ReadingMessage)}
        assert max(starts) > 75_000
        said = {one.span.start_ms for one in call.lines if one.speaker == "customer"}
        assert said <= starts
    finally:
        broker.stop()
