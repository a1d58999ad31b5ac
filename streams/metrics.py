"""The one list of metrics, for Prometheus. docs/metrics.md explains them.

Stages of the pipeline, in order: ``endpointing`` (last sample spoken to utterance found),
``reading`` (found to read), ``advice`` (read to alert or mood), ``desk`` (advised to pushed),
``screen`` (pushed to shown in the browser), ``total`` (last sample to shown).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from datetime import datetime

LATENCY_BUCKETS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25, 1.5, 2, 3, 5, 10,
)  # fmt: skip

CHUNKS_SENT = Counter("callmood_gateway_chunks", "Audio chunks a gateway has sent.", ["gateway"])
GATEWAY_CALLS = Gauge("callmood_gateway_calls", "Calls a gateway is carrying now.", ["gateway"])
GATEWAY_DELAY_SECONDS = Histogram(
    "callmood_gateway_late_seconds",
    "How late a gateway sent a chunk after its last sample.",
    ["gateway"],
    buckets=LATENCY_BUCKETS,
)
CHUNKS_PROCESSED = Counter("callmood_chunks", "Audio chunks the worker has listened to.")
AUDIO_SECONDS = Counter(
    "callmood_audio_seconds", "Seconds of calls the worker has listened to (all channels at once)."
)
UTTERANCES_DETECTED = Counter("callmood_utterances", "Utterances found.", ["speaker"])
SOUNDS_DETECTED = Counter(
    "callmood_sounds",
    "Stretches of tone, music or noise that voice activity detection took for speech.",
    ["kind", "speaker"],
)
ECHO_UTTERANCES = Counter(
    "callmood_echo_utterances",
    "Stretches of speech that were only the other channel's sound.",
    ["speaker"],
)
FAULTY_CALLS = Counter(
    "callmood_channel_faults",
    "Calls whose channels are exchanged or carry one recording.",
    ["kind", "evidence"],
)
READINGS_MADE = Counter(
    "callmood_readings", "Readings of customers.", ["modality", "label", "abstained"]
)
UNUSABLE_ITEMS = Counter(
    "callmood_unusable", "Utterances and lines that could not be read.", ["modality"]
)
LINES_DISCOUNTED = Counter(
    "callmood_lines_discounted", "Customers' lines that count for nothing.", ["reason"]
)
INFERENCE_SECONDS = Histogram(
    "callmood_inference_seconds",
    "Time of one batch in a detector.",
    ["modality"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1),
)
INFERENCE_BATCH = Histogram(
    "callmood_inference_batch", "Items in one batch.", ["modality"], buckets=(1, 2, 4, 8, 16, 32)
)
MOODS_CHANGED = Counter("callmood_moods", "Moods sent.", ["level"])
ALERTS_FIRED = Counter("callmood_alerts", "Alerts fired.", ["playbook", "level"])
ACTIVE_PLAYBOOKS = Gauge("callmood_playbooks_in_force", "Playbooks a worker goes by now.")
RULES_RELOADS = Counter(
    "callmood_rules_reloads",
    "Changes of the rules folder that a worker took or refused.",
    ["result"],
)
RULES_REJECTED = Gauge(
    "callmood_rules_refused", "1 while refused rules lie in the folder and older ones are in force."
)
FEEDBACK_ANSWERS = Counter("callmood_feedback", "Answers to alerts.", ["playbook", "verdict"])
STEPS_CONFIRMED = Counter(
    "callmood_steps", "Steps of the protection protocol confirmed.", ["action", "role", "state"]
)
EVIDENCE_SEALS = Counter("callmood_seals", "Sealed bundles of evidence made.", ["cause"])
CORRECTIONS_STORED = Counter("callmood_corrections", "Corrections kept.", ["changed"])
DEAD_LETTERS_SENT = Counter("callmood_dead_letters", "Messages set aside.", ["source", "stage"])
ACTIVE_CALLS = Gauge("callmood_calls", "Calls the worker is listening to now.")
PENDING_CHUNKS = Gauge(
    "callmood_chunks_held", "Chunks read but not yet acknowledged: their reading is not out."
)
STAGE_SECONDS = Histogram(
    "callmood_stage_seconds",
    "Latency of one stage of the line.",
    ["stage"],
    buckets=LATENCY_BUCKETS,
)
OUTBOX_LENGTH = Gauge("callmood_outbox", "Messages in the desk's outbox, not yet in Kafka.")
LIVE_BROWSERS = Gauge("callmood_screens", "Browsers that are listening live.")
QUEUE_LENGTH = Gauge("callmood_trainer_queue", "Segments waiting for a trainer.")


def list_names() -> list[str]:
    """Every metric of callmood that is registered, as Prometheus calls the family."""
    return sorted(
        family.name for family in REGISTRY.collect() if family.name.startswith("callmood_")
    )


def observe_stage(stage: str, since: datetime | None, until: datetime | None) -> None:
    """One passage of one stage; nothing where either end is unknown."""
    if since is not None and until is not None:
        STAGE_SECONDS.labels(stage).observe(max(0.0, (until - since).total_seconds()))
