# ruff: noqa: E501  (what people say is as long as it is)
"""Two calls as messages, for the desk's tests and to look at: one Korean, one English.

Run ``python -m tests.support.calls HOME [PORT]`` to serve a desk that shows them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from detectors.labels import EMOTIONS, Emotion, Topic
from detectors.mood import MoodState, update_mood
from detectors.reading import Modality, Reading
from detectors.utterance import SAMPLE_RATE, Language, Speaker, TimeSpan, Turn, TurnKind
from playbooks.files.loader import load_library
from playbooks.reason import Reason
from streams.messages.alerts import AlertMessage
from streams.messages.calls import CallEvent, TranscriptMessage, TurnMessage, UtteranceClip
from streams.messages.readings import MoodMessage, ReadingMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.cloudevents import Message

NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedLine:
    """One line, and for the customer what is read in it."""

    at_ms: int
    speaker: Speaker
    text: str
    emotion: Emotion = Emotion.NEUTRAL
    strength: float = 0.6
    voice: Emotion | None = None
    is_confident: bool = True
    topics: tuple[Topic, ...] = ()
    words: tuple[str, ...] = ()
    voice_reasons: tuple[str, ...] = ()

    @property
    def span(self) -> TimeSpan:
        """As long as it takes to say."""
        return TimeSpan(self.at_ms, self.at_ms + 900 + 110 * len(self.text.replace(" ", "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAlert:
    """A playbook fires after a line."""

    playbook_id: str
    at_ms: int
    step: int = 1
    reasons: tuple[Reason, ...] = ()
    cause_at_ms: int = 0


C, A = Speaker.CUSTOMER, Speaker.AGENT

KOREAN_LINES = (
    ScriptedLine(at_ms=900, speaker=A, text="네, 새봄은행 상담사 김서연입니다. 무엇을 도와드릴까요?"),
    ScriptedLine(at_ms=6_400, speaker=C, text="네, 이번 달 대출 이자가 두 번 빠져나갔거든요. 확인 좀 해 주세요."),
    ScriptedLine(at_ms=13_000, speaker=A, text="불편을 드려 죄송합니다, 고객님. 바로 확인해 볼게요."),
    ScriptedLine(at_ms=31_000, speaker=C, text="네... 빨리 좀.", is_confident=False, strength=0.25),
    ScriptedLine(at_ms=34_000, speaker=A, text="고객님, 전산상으로는 정상 출금으로 나오는데요."),
    ScriptedLine(
        at_ms=39_500, speaker=C, text="정상이요? 삼십이만 원이 두 번 나갔는데 그게 어떻게 정상이에요?",
        emotion=Emotion.ANGER, strength=0.62, words=("어떻게 정상이에요",),
        voice_reasons=("voice:louder", "voice:higher_pitch"),
    ),
    ScriptedLine(at_ms=47_500, speaker=A, text="혹시 다른 자동이체 건을 보신 건 아니신지 한번 확인을"),
    ScriptedLine(
        at_ms=50_800, speaker=C, text="아니, 지난주에도 전화했잖아요! 그때도 똑같은 소리만 하고, 지금 장난하세요?",
        emotion=Emotion.ANGER, strength=0.84, words=("장난하세요", "똑같은 소리"),
        voice_reasons=("voice:louder", "voice:higher_pitch"),
    ),
    ScriptedLine(at_ms=59_000, speaker=A, text="정말 죄송합니다, 고객님. 제가 다시 한번 알아보고"),
    ScriptedLine(
        at_ms=62_500, speaker=C, text="됐고요! 진짜 짜증 나네. 금융감독원에 민원 넣을 거고요, 계좌도 전부 해지할 거예요!",
        emotion=Emotion.ANGER, strength=0.9, topics=(Topic.REGULATOR, Topic.CANCELLATION),
        words=("금융감독원에 민원", "해지"), voice_reasons=("voice:louder",),
    ),
    ScriptedLine(at_ms=72_000, speaker=A, text="두 번이나 전화하시게 해서 정말 죄송합니다. 많이 속상하셨을 텐데, 제가 끝까지 확인하겠습니다."),
    ScriptedLine(
        at_ms=82_000, speaker=C, text="그래서, 돈은 언제 돌려주는데요?", emotion=Emotion.NEUTRAL,
        voice=Emotion.ANGER, strength=0.55, voice_reasons=("voice:lower_pitch",),
    ),
)  # fmt: skip
KOREAN_ALERTS = (
    ScriptedAlert(playbook_id="rising-anger", at_ms=58_400, reasons=(
        Reason.of("said", speaker="customer", text="지금 장난하세요"),
        Reason.of("mood", level="upset", strain=0.66, trend="rising"),
    ), cause_at_ms=50_800),
    ScriptedAlert(playbook_id="regulator-complaint", at_ms=69_800, reasons=(
        Reason.of("said", speaker="customer", text="금융감독원에 민원"),
    ), cause_at_ms=62_500),
)  # fmt: skip
ENGLISH_LINES = (
    ScriptedLine(at_ms=700, speaker=A, text="Brightline Support, this is Maya. How can I help?"),
    ScriptedLine(at_ms=4_900, speaker=C, text="Hi. My order was meant to arrive last Friday and it still isn't here."),
    ScriptedLine(at_ms=11_500, speaker=A, text="I'm sorry about that. Let me look it up for you."),
    ScriptedLine(
        at_ms=18_000, speaker=C, text="How many times do I have to call? This is the third time now.",
        emotion=Emotion.ANGER, strength=0.7, words=("how many times",),
        voice_reasons=("voice:louder",),
    ),
    ScriptedLine(at_ms=25_500, speaker=A, text="I understand. I can see that it left our warehouse on"),
    ScriptedLine(
        at_ms=27_900, speaker=C, text="This is ridiculous. I want to cancel the whole thing.",
        emotion=Emotion.ANGER, strength=0.8, topics=(Topic.CANCELLATION,),
        words=("ridiculous", "cancel"), voice_reasons=("voice:higher_pitch", "voice:higher_pitch"),
    ),
    ScriptedLine(at_ms=35_000, speaker=A, text="You have every reason to be upset. I can send a new one today by express."),
    ScriptedLine(at_ms=42_000, speaker=C, text="Well. Alright, if it really comes tomorrow.", is_confident=False, strength=0.3),
)  # fmt: skip
ENGLISH_ALERTS = (
    ScriptedAlert(playbook_id="wish-to-cancel", at_ms=33_600, reasons=(
        Reason.of("said", speaker="customer", text="cancel"),
    ), cause_at_ms=27_900),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole call."""

    call_id: str
    agent_id: str
    queue: str
    language: Language
    lines: tuple[ScriptedLine, ...]
    alerts: tuple[ScriptedAlert, ...]
    recorded: bool = True
    started_at: datetime = NOW

    def start_event(self) -> CallEvent:
        """Its first message."""
        return CallEvent(
            call_id=self.call_id,
            event="started",
            at=self.started_at,
            agent_id=self.agent_id,
            queue=self.queue,
            language=self.language,
            notice_given=True,
            analysis_consent=True,
            recording_consent=self.recorded,
        )

    def end_event(self) -> CallEvent:
        """Its last message."""
        duration = self.lines[-1].span.end_ms + 2_000
        at = self.started_at + timedelta(milliseconds=duration)
        return CallEvent(call_id=self.call_id, event="ended", at=at, duration_ms=duration)

    def messages(self) -> Iterator[Message]:
        """Everything between, in the order of the call."""
        state = MoodState()
        timed: list[tuple[int, Message]] = [
            (turn.record.span.end_ms, turn) for turn in self._turns()
        ]
        timed += [(fires.at_ms, self.alert(fires)) for fires in self.alerts]
        for said in self.lines:
            timed.append((said.span.end_ms, self.line(said)))
            if said.speaker is C:
                for reading in self._readings(said):
                    timed.append((said.span.end_ms, ReadingMessage.of(reading)))
                    state = update_mood(state, reading)
                if state.mood is not None and said.is_confident:
                    timed.append((said.span.end_ms, MoodMessage.of(state.mood)))
                if self.recorded:
                    timed.append((said.span.end_ms, self._clip(said)))
        return (message for _, message in sorted(timed, key=lambda pair: pair[0]))

    def line(self, said: ScriptedLine) -> TranscriptMessage:
        """One transcript line."""
        return TranscriptMessage(
            call_id=self.call_id,
            start_ms=said.span.start_ms,
            end_ms=said.span.end_ms,
            speaker=said.speaker,
            text=said.text,
            language=self.language,
        )

    def alert(self, fires: ScriptedAlert) -> AlertMessage:
        """As the library says it."""
        playbook = next(p for p in load_library() if p.playbook_id == fires.playbook_id)
        rung = playbook.rung(fires.step)
        at = datetime.now(UTC)
        return AlertMessage(
            call_id=self.call_id,
            playbook_id=playbook.playbook_id,
            playbook_version=playbook.version,
            level=rung.level,
            at_ms=fires.at_ms,
            step=fires.step,
            title=dict(rung.title),
            suggestion=rung.suggestion,
            actions=rung.actions,
            sensitive=playbook.sensitive,
            language=self.language,
            why=dict(playbook.why),
            reasons=fires.reasons,
            cause_ids=(f"{self.call_id}~customer~{fires.cause_at_ms}~text",),
            heard_at=at - timedelta(milliseconds=400),
            advised_at=at,
        )

    def _turns(self) -> Iterator[TurnMessage]:
        for before, after in zip(self.lines, self.lines[1:], strict=False):
            gap = after.span.start_ms - before.span.end_ms
            if gap >= 3_000:
                span = TimeSpan(before.span.end_ms, after.span.start_ms)
                turn = Turn(self.call_id, TurnKind.SILENCE, span)
                yield TurnMessage.of(turn, heard_at=None)
            elif gap < -300:
                span = TimeSpan(after.span.start_ms, before.span.end_ms)
                turn = Turn(self.call_id, TurnKind.TALK_OVER, span, after.speaker)
                yield TurnMessage.of(turn, heard_at=None)

    def _readings(self, said: ScriptedLine) -> Iterator[Reading]:
        voice = Reading(
            call_id=self.call_id,
            span=said.span,
            modality=Modality.VOICE,
            detector="voice-test",
            version="1",
            scores=_scores(said.voice or said.emotion, said.strength),
            confidence=said.strength if said.is_confident else 0.2,
            abstained=not said.is_confident,
            arousal=said.strength,
            valence=0.25 - said.strength / 2,
            reasons=said.voice_reasons,
        )
        yield voice
        yield replace(
            voice,
            modality=Modality.TEXT,
            detector="text-test",
            scores=_scores(said.emotion, said.strength),
            arousal=None,
            valence=None,
            topics=said.topics,
            reasons=said.words,
            line_ids=(self.line(said).record.line_id,),
        )

    def text_readings(self, said: ScriptedLine) -> Iterator[Reading]:
        """What was read in the words of a line."""
        return (r for r in self._readings(said) if r.modality is Modality.TEXT)

    def _clip(self, said: ScriptedLine) -> UtteranceClip:
        """Not a voice: a tone that rises and falls, as long as the utterance."""
        seconds = np.arange(said.span.duration_ms * SAMPLE_RATE // 1000) / SAMPLE_RATE
        tone = np.sin(2 * np.pi * (180 + 40 * np.sin(2 * np.pi * 3 * seconds)) * seconds)
        pcm = (tone * 6_000 * np.abs(np.sin(2 * np.pi * 2 * seconds))).astype(">i2")
        return UtteranceClip(
            call_id=self.call_id,
            start_ms=said.span.start_ms,
            end_ms=said.span.end_ms,
            payload=pcm.tobytes(),
        )


def _scores(emotion: Emotion, strength: float) -> dict[Emotion, float]:
    rest = (1 - strength) / (len(EMOTIONS) - 1)
    return {label: strength if label is emotion else rest for label in EMOTIONS}


KOREAN_CALL = Script(
    call_id="bank-ko:20261122-0001",
    agent_id="seoyeon",
    queue="대출 상담",
    language=Language.KOREAN,
    lines=KOREAN_LINES,
    alerts=KOREAN_ALERTS,
    started_at=NOW - timedelta(seconds=90),
)
ENGLISH_CALL = Script(
    call_id="shop-en@brightline+17",
    agent_id="maya",
    queue="Orders",
    language=Language.ENGLISH,
    lines=ENGLISH_LINES,
    alerts=ENGLISH_ALERTS,
    started_at=NOW - timedelta(seconds=60),
    recorded=False,
)


def main(home: str, port: str = "0") -> None:
    """Serve a desk that shows both calls, until Enter is pressed."""
    from tests.support.injected import run_desk  # noqa: PLC0415  (the app is heavy)

    with run_desk(Path(home), port=int(port)) as desk:
        for call in (KOREAN_CALL, ENGLISH_CALL):
            desk.wire.put(call.start_event(), *call.messages())
        desk.wire.settle()
        print(f"desk: {desk.url}", flush=True)  # noqa: T201
        sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
