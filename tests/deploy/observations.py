"""Something to look at: every metric observed, as the line would."""

from __future__ import annotations

from detectors.labels import Emotion
from detectors.mood import MoodLevel
from detectors.reading import Modality
from detectors.utterance import Speaker
from playbooks.alert import Action, AlertLevel
from streams import metrics

LATENCY_S = 0.35
"""Between the bucket edges 0.3 and 0.4."""

STAGES = ("endpointing", "reading", "advice", "desk", "screen", "total")
PLAYBOOK = "watched-by-prometheus"
"""No playbook of the library: tests of others count in the same process."""


def observe_everything() -> None:
    """Ten seconds of a line, so to say."""
    _gateway()
    _detectors()
    for stage in STAGES:
        metrics.STAGE_SECONDS.labels(stage).observe(LATENCY_S)
    for level in MoodLevel:
        metrics.MOODS_CHANGED.labels(level).inc()
    for alert_level in AlertLevel:
        metrics.ALERTS_FIRED.labels(PLAYBOOK, alert_level).inc()
    for verdict in ("helped", "wrong", "withdrawn"):
        metrics.FEEDBACK_ANSWERS.labels(PLAYBOOK, verdict).inc()
    for action in Action:
        metrics.STEPS_CONFIRMED.labels(action, "agent", "done").inc()
    metrics.EVIDENCE_SEALS.labels("asked").inc()
    metrics.FAULTY_CALLS.labels("exchanged", "words_against_sound").inc()
    metrics.LINES_DISCOUNTED.labels("repeats_agent").inc()
    metrics.CORRECTIONS_STORED.labels("true").inc()
    metrics.DEAD_LETTERS_SENT.labels("audio.v1", "voice").inc()
    metrics.ACTIVE_PLAYBOOKS.set(12)
    metrics.RULES_REJECTED.set(1)
    for result in ("taken", "refused"):
        metrics.RULES_RELOADS.labels(result).inc()
    metrics.LIVE_BROWSERS.set(3)
    metrics.QUEUE_LENGTH.set(4)


def _gateway() -> None:
    metrics.CHUNKS_SENT.labels("replay").inc(50)
    metrics.GATEWAY_CALLS.labels("replay").set(2)
    metrics.GATEWAY_DELAY_SECONDS.labels("replay").observe(0.004)
    metrics.CHUNKS_PROCESSED.inc(50)
    metrics.AUDIO_SECONDS.inc(10)
    metrics.ACTIVE_CALLS.set(2)
    metrics.PENDING_CHUNKS.set(5)


def _detectors() -> None:
    for speaker in Speaker:
        metrics.UTTERANCES_DETECTED.labels(speaker).inc()
        metrics.ECHO_UTTERANCES.labels(speaker).inc()
        metrics.SOUNDS_DETECTED.labels("music", speaker).inc()
    for modality in Modality:
        for label in Emotion:
            metrics.READINGS_MADE.labels(modality, label, "false").inc()
        metrics.READINGS_MADE.labels(modality, Emotion.NEUTRAL, "true").inc()
        metrics.UNUSABLE_ITEMS.labels(modality).inc()
        metrics.INFERENCE_SECONDS.labels(modality).observe(0.004)
        metrics.INFERENCE_BATCH.labels(modality).observe(2)


def forget_levels() -> None:
    """Gauges back to an idle line: other tests share this process."""
    metrics.GATEWAY_CALLS.labels("replay").set(0)
    for gauge in (
        metrics.ACTIVE_CALLS, metrics.PENDING_CHUNKS, metrics.LIVE_BROWSERS, metrics.QUEUE_LENGTH,
        metrics.ACTIVE_PLAYBOOKS, metrics.RULES_REJECTED,
    ):  # fmt: skip
        gauge.set(0)
