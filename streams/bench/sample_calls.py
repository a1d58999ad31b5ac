"""Made-up calls of realistic length, to measure with. The same seed gives the same bytes."""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from detectors.labels import EMOTIONS, Emotion, Topic
from detectors.reading import Modality
from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine, Turn, TurnKind
from streams.backtest.recorded_call import encode_message
from streams.messages.calls import CallEvent, TranscriptMessage, TurnMessage
from streams.messages.readings import ReadingMessage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.cloudevents import Message

LINES_PER_CALL = 60
MINUTES_PER_CALL = 5
FIRST_CALL_AT = datetime(2026, 1, 5, tzinfo=UTC)
CALL_INTERVAL = timedelta(seconds=20)
"""A call begins every so often: some fifteen at once."""

_ANGRY_SHARE, _ABUSIVE_SHARE = 0.15, 0.05

_CALM_LINES = {
    Language.KOREAN: (
        "네 안녕하세요, 이번 달 카드 명세서 때문에 전화드렸어요.",
        "결제일을 25일로 바꾸고 싶은데 어떻게 하면 되나요?",
        "아 네, 생년월일은 구공년 삼월 이일이에요.",
        "그럼 다음 달부터 적용되는 거죠?",
        "잠깐만요, 지금 적고 있어요. 네, 말씀하세요.",
        "주소도 바뀌었는데 그것도 같이 변경해 주세요.",
        "네네, 알겠습니다. 문자로 보내 주시면 확인할게요.",
        "지난번에 신청한 게 아직 안 왔거든요. 한번 봐 주시겠어요?",
    ),
    Language.ENGLISH: (
        "Hi, I am calling about the statement that came yesterday.",
        "I would like to move my payment date to the twenty-fifth.",
        "Sure, my date of birth is the second of March, nineteen ninety.",
        "So that will apply from next month, right?",
        "Hold on, let me write that down. Okay, go ahead.",
        "I have moved as well, could you change the address too?",
        "Okay, got it. If you text it to me I will check.",
        "The parcel still has not come, could you look it up?",
    ),
}
_ANGRY_LINES = {
    Language.KOREAN: (
        "아니 도대체 몇 번을 말해야 해요?",
        "이게 말이 됩니까? 지금 장난하세요?",
        "진짜 짜증나네. 책임자 바꿔요.",
        "금융감독원에 민원 넣을 거예요.",
        "그냥 전부 해지해 주세요.",
    ),
    Language.ENGLISH: (
        "How many times do I have to explain this?",
        "This is ridiculous, are you kidding me?",
        "I am so angry right now. Let me speak to your manager.",
        "I will file a complaint with the ombudsman.",
        "Just cancel the whole thing.",
    ),
}
_ABUSIVE_LINES = {
    Language.KOREAN: ("야 이 씨발 새끼야, 똑바로 안 해?", "미친년아 너 이름이 뭐야."),
    Language.ENGLISH: ("You fucking idiot, do your job.", "Shut up, you stupid bitch."),
}
_AGENT_LINES = {
    Language.KOREAN: (
        "네 고객님, 확인해 보겠습니다.",
        "불편을 드려 죄송합니다. 바로 도와드리겠습니다.",
        "성함과 생년월일 말씀해 주시겠어요?",
        "네, 변경 처리해 드렸습니다. 더 필요하신 것 있으실까요?",
    ),
    Language.ENGLISH: (
        "Let me have a look at that for you.",
        "I am sorry for the trouble, I will sort it out right away.",
        "Could I have your name and date of birth, please?",
        "That is done now. Is there anything else?",
    ),
}


@dataclass(slots=True)
class _CallDraft:
    """One call in the making."""

    call_id: str
    language: Language
    temper: str
    started_at: datetime
    rng: random.Random
    messages: list[tuple[datetime, Message]] = field(default_factory=list)

    def add(self, ms: int, message: Message) -> None:
        self.messages.append((self.started_at + timedelta(milliseconds=ms), message))


def generate_record(count: int, *, seed: int = 1) -> Iterator[bytes]:
    """Lines of a record: ``count`` calls of five minutes, half of them Korean.

    Each has 60 final lines, some 60 readings (voice and words of the customer's half) and some
    120 turns. One in seven is angry, one in twenty abusive.
    """
    for number in range(count):
        rng = random.Random(f"{seed}-{number}")  # noqa: S311  (nobody's secret)
        call = _generate_call(number, rng)
        for sent_at, message in sorted(call.messages, key=lambda pair: pair[0]):
            yield encode_message(message, source="callmood-made-up", sent_at=sent_at)


def _generate_call(number: int, rng: random.Random) -> _CallDraft:
    draw = rng.random()
    abusive, angry = draw < _ABUSIVE_SHARE, draw < _ABUSIVE_SHARE + _ANGRY_SHARE
    temper = "abusive" if abusive else "angry" if angry else "calm"
    language = Language.KOREAN if number % 2 else Language.ENGLISH
    at = FIRST_CALL_AT + number * CALL_INTERVAL
    call = _CallDraft(f"made-{number + 1:05}", language, temper, at, rng)
    started = CallEvent(
        call_id=call.call_id,
        event="started",
        at=at,
        agent_id=f"agent-{number % 40}",
        queue="cards",
        language=language,
        notice_given=True,
        analysis_consent=True,
    )
    call.add(0, started)
    for index in range(LINES_PER_CALL):
        _add_line(call, index)
    length = MINUTES_PER_CALL * 60_000
    ended = at + timedelta(milliseconds=length)
    call.add(length, CallEvent(call_id=call.call_id, event="ended", at=ended, duration_ms=length))
    return call


def _add_line(call: _CallDraft, index: int) -> None:
    slot_ms = MINUTES_PER_CALL * 60_000 // LINES_PER_CALL
    start = index * slot_ms + call.rng.randrange(200, 900)
    end = start + call.rng.randrange(1_500, slot_ms - 1_200)
    customer = index % 2 == 1
    speaker = Speaker.CUSTOMER if customer else Speaker.AGENT
    is_angry = (
        customer
        and index > LINES_PER_CALL // 4
        and call.rng.random() < _anger_probability(call.temper)
    )
    text = call.rng.choice(
        _choose_phrases(call, is_angry=is_angry) if customer else _AGENT_LINES[call.language]
    )
    line = TranscriptLine(call.call_id, speaker, TimeSpan(start, end), text, call.language)
    call.add(end + 300, TranscriptMessage.of(line))
    _add_turn(call, TurnKind.SPEECH, (start, end), speaker)
    _add_pause_or_overlap(call, end)
    if customer:
        for modality, delay in ((Modality.VOICE, 460), (Modality.TEXT, 340)):
            call.add(end + delay, _build_reading(call, modality, (start, end), is_angry=is_angry))


def _add_pause_or_overlap(call: _CallDraft, end: int) -> None:
    """A silence, or an overlap."""
    if call.rng.random() < 0.1:  # noqa: PLR2004  (one line in ten)
        _add_turn(call, TurnKind.TALK_OVER, (end - 600, end), Speaker.AGENT)
    else:
        _add_turn(call, TurnKind.SILENCE, (end, end + 1_000))


def _add_turn(
    call: _CallDraft, kind: TurnKind, span: tuple[int, int], speaker: Speaker | None = None
) -> None:
    start, end = span
    turn = Turn(call.call_id, kind, TimeSpan(start, end), speaker)
    call.add(end + (0 if speaker is None else 440), TurnMessage.of(turn))


def _build_reading(
    call: _CallDraft, modality: Modality, span: tuple[int, int], *, is_angry: bool
) -> ReadingMessage:
    emotion = Emotion.ANGER if is_angry else Emotion.NEUTRAL
    strength = round(call.rng.uniform(0.55, 0.95), 3)
    voice = modality is Modality.VOICE
    return ReadingMessage.model_validate(
        {
            "call_id": call.call_id,
            "start_ms": span[0],
            "end_ms": span[1],
            "modality": modality,
            "detector": "made-up",
            "version": "1",
            "label": emotion,
            "scores": _build_scores(emotion, strength),
            "confidence": strength,
            "abstained": call.rng.random() < 0.1,  # noqa: PLR2004  (one in ten)
            "arousal": strength if is_angry else 0.3,
            "topics": (Topic.ABUSE,) if not voice and is_angry and call.temper == "abusive" else (),
            "reasons": ("voice:louder",) if voice and is_angry else (),
        }
    )


def _build_scores(emotion: Emotion, strength: float) -> dict[Emotion, float]:
    rest = round((1 - strength) / (len(EMOTIONS) - 1), 4)
    return {label: strength if label is emotion else rest for label in EMOTIONS}


def _anger_probability(temper: str) -> float:
    return {"calm": 0.02, "angry": 0.45, "abusive": 0.6}[temper]


def _choose_phrases(call: _CallDraft, *, is_angry: bool) -> tuple[str, ...]:
    if not is_angry:
        return _CALM_LINES[call.language]
    return (
        _ABUSIVE_LINES[call.language] if call.temper == "abusive" else _ANGRY_LINES[call.language]
    )


def write_changed_rules(library: Path, target: Path) -> Path:
    """A copy of a library in which every cooldown is half as long: most alerts can change."""
    shutil.copytree(library, target)
    for file in target.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        new_text = re.sub(r"^cooldown: (\d+)s", _halve_cooldown, text, flags=re.MULTILINE)
        if new_text != text:
            new_text = re.sub(r"^version: (\d+)", _bump_version, new_text, flags=re.MULTILINE)
            file.write_text(new_text, encoding="utf-8")
    return target


def _bump_version(match: re.Match[str]) -> str:
    """A changed rule is another version of it: a library's lock sees to that."""
    return f"version: {int(match[1]) + 1}"


def _halve_cooldown(match: re.Match[str]) -> str:
    return f"cooldown: {max(1, int(match[1]) // 2)}s"
