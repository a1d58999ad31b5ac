"""One message of every topic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from detectors.channels.channel_fault import FaultEvidence, FaultKind
from detectors.labels import EMOTIONS, Emotion, Topic
from detectors.line_ledger import Discount
from detectors.mood import MoodLevel, Trend
from detectors.reading import Contrast, Modality
from detectors.utterance import Language, Speaker, TurnKind
from playbooks.alert import Action, AlertLevel
from playbooks.reason import Reason
from playbooks.sensitivity import SensitivityKind
from streams.messages.alerts import AlertMessage, Feedback, StepConfirmation
from streams.messages.callers import CallerEvent, EarlierCallSummary, ReturningCaller
from streams.messages.calls import (
    AudioChunk,
    CallEvent,
    LineMarkMessage,
    TranscriptMessage,
    TurnMessage,
    UtteranceClip,
)
from streams.messages.channels import ChannelFaultMessage
from streams.messages.corrections import Correction
from streams.messages.dead_letters import DeadLetter
from streams.messages.evidence import EvidenceSeal
from streams.messages.readings import MoodMessage, ReadingMessage

if TYPE_CHECKING:
    from streams.cloudevents import Message

T0 = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
CALL = "2026-1102-0042"
CALLER = "5f0c2a9be4d1738806d2c1f7a3b98e42"
WORDS = "아니 지금 몇 번째 말씀드리는 거예요"
STAGES = {
    "heard_at": T0 + timedelta(seconds=41.2),
    "found_at": T0 + timedelta(seconds=41.65),
    "read_at": T0 + timedelta(seconds=41.66),
}
SCORES = dict.fromkeys(EMOTIONS, 0.02) | {Emotion.ANGER: 0.71, Emotion.NEUTRAL: 0.17}
_TONE = (8_000 * np.sin(np.arange(1_600) / 4)).astype(np.int16)

EXAMPLES: dict[str, Message] = {
    "calls.v1": CallEvent(
        call_id=CALL,
        event="started",
        at=T0,
        agent_id="seoyeon",
        queue="loans",
        language=Language.KOREAN,
        caller=CALLER,
        notice_given=True,
        analysis_consent=True,
        recording_consent=True,
    ),
    "audio.v1": AudioChunk(
        call_id=CALL,
        sequence=206,
        start_ms=41_200,
        keep_clips=True,
        payload=AudioChunk.to_payload(np.stack([_TONE, 0 * _TONE], axis=1)),
    ),
    "transcripts.v1": TranscriptMessage(
        call_id=CALL,
        speaker=Speaker.CUSTOMER,
        start_ms=38_400,
        end_ms=41_200,
        text=WORDS,
        heard_at=STAGES["heard_at"],
    ),
    "channel-faults.v1": ChannelFaultMessage(
        call_id=CALL,
        kind=FaultKind.EXCHANGED,
        evidence=FaultEvidence.WORDS_AGAINST_SOUND,
        at_ms=41_200,
    ),
    "line-marks.v1": LineMarkMessage(
        call_id=CALL,
        line_id=f"{CALL}~customer~38400~line~0f6d3a9c21",
        start_ms=38_400,
        replaces=(f"{CALL}~customer~38300~line~77aa10b3c5",),
        discount=Discount.REPEATS_AGENT,
    ),
    "utterances.v1": UtteranceClip(
        call_id=CALL, start_ms=38_300, end_ms=38_500, payload=AudioChunk.to_payload(_TONE)
    ),
    "turns.v1": TurnMessage(
        call_id=CALL,
        kind=TurnKind.TALK_OVER,
        speaker=Speaker.CUSTOMER,
        start_ms=38_300,
        end_ms=39_900,
        heard_at=STAGES["heard_at"],
    ),
    "readings.v1": ReadingMessage(
        call_id=CALL,
        start_ms=38_300,
        end_ms=41_200,
        modality=Modality.VOICE,
        detector="voice-tone",
        version="1",
        label=Emotion.ANGER,
        scores=SCORES,
        confidence=0.71,
        abstained=False,
        arousal=0.8,
        valence=-0.4,
        **STAGES,
    ),
    "moods.v1": MoodMessage(
        call_id=CALL,
        at_ms=41_200,
        label=Emotion.ANGER,
        scores=SCORES,
        strain=0.66,
        level=MoodLevel.UPSET,
        level_since_ms=41_200,
        trend=Trend.RISING,
        shift=False,
        disagreement=True,
        contrast=Contrast.STRAINED_VOICE,
        arousal=0.74,
        valence=-0.31,
        number=7,
        **STAGES,
    ),
    "alerts.v1": AlertMessage(
        call_id=CALL,
        playbook_id="regulator-complaint",
        playbook_version=1,
        level=AlertLevel.WARNING,
        at_ms=41_200,
        step=1,
        title={Language.KOREAN: "외부 민원 언급", Language.ENGLISH: "Regulator mentioned"},
        suggestion={
            Language.KOREAN: ("불편을 드려 죄송합니다.",),
            Language.ENGLISH: ("I am sorry for the trouble.",),
        },
        why={Language.KOREAN: "금융감독원을 언급했습니다.", Language.ENGLISH: "It was named."},
        reasons=(Reason.of("said", speaker="customer", text="금융감독원"),),
        cause_ids=(f"{CALL}~customer~38400~text",),
        actions=(Action.READ_OUT,),
        sensitive=SensitivityKind.ESCALATION,
        language=Language.KOREAN,
        advised_at=T0 + timedelta(seconds=41.67),
        **STAGES,
    ),
    "feedback.v1": Feedback(
        call_id=CALL,
        alert_id=f"{CALL}~regulator-complaint~41200",
        verdict="helped",
        given_by="seoyeon",
        at=T0 + timedelta(seconds=60),
    ),
    "steps.v1": StepConfirmation(
        call_id=CALL,
        alert_id=f"{CALL}~abusive-words~41200",
        index=2,
        action=Action.SEAL_EVIDENCE,
        state="done",
        given_by="seoyeon",
        at=T0 + timedelta(seconds=70),
    ),
    "seals.v1": EvidenceSeal(
        call_id=CALL,
        sha256="2f6b7c0e5f1c9d0f4b6a1de1d1a3c9be0ad7f5c23f9a8f5f2b1e0d9c8b7a6950",
        size=184_320,
        file=f"{CALL}/20261102T093111Z-2f6b7c0e5f1c.zip",
        cause="asked",
        cause_id=f"{CALL}~abusive-words~41200~step~2~agent~seoyeon",
        sealed_by="seoyeon",
        role="agent",
        at=T0 + timedelta(seconds=71),
    ),
    "corrections.v1": Correction(
        call_id=CALL,
        segment_id=f"{CALL}~38300",
        start_ms=38_300,
        end_ms=41_200,
        voice_label=Emotion.ANGER,
        text_label=Emotion.NEUTRAL,
        topics=(Topic.REGULATOR,),
        trainer="jiho",
        at=T0 + timedelta(hours=3),
    ),
    "caller-events.v1": CallerEvent(
        call_id=CALL,
        event="found",
        caller=CALLER,
        at=T0,
        kind=SensitivityKind.ESCALATION,
    ),
    "returning.v1": ReturningCaller(
        call_id=CALL,
        at=T0,
        earlier=(
            EarlierCallSummary(call_id="2026-1030-0007", started_at=T0 - timedelta(days=3)),
            EarlierCallSummary(
                call_id="2026-1012-0113",
                started_at=T0 - timedelta(days=21),
                kinds=(SensitivityKind.ABUSE,),
            ),
        ),
    ),
    "dead-letters.v1": DeadLetter(
        call_id=CALL,
        reason="end_ms 10 is before start_ms 20",
        stage="text",
        source_topic="transcripts.v1",
        source_partition=3,
        source_offset=4711,
        size=2,
        payload=b"{}",
    ),
}
