"""The evidence in words that a person can check, in the language of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.labels import Emotion, Topic
from detectors.mood import MoodLevel, Trend
from detectors.reading import Modality
from detectors.utterance import Language, Speaker
from playbooks.conditions.call_phase import Phase
from playbooks.sensitivity import SensitivityKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.mood import Mood
    from detectors.reading import Reading

EMOTION_KO: Mapping[Emotion, str] = {
    Emotion.NEUTRAL: "평온",
    Emotion.JOY: "기쁨",
    Emotion.ANGER: "분노",
    Emotion.SADNESS: "슬픔",
    Emotion.FEAR: "불안",
    Emotion.DISGUST: "혐오",
    Emotion.SURPRISE: "놀람",
    Emotion.BOREDOM: "지루함",
}
TOPIC_WORDS: Mapping[Topic, Mapping[Language, str]] = {
    Topic.ABUSE: {Language.KOREAN: "폭언", Language.ENGLISH: "abuse"},
    Topic.SEXUAL_HARASSMENT: {
        Language.KOREAN: "성희롱",
        Language.ENGLISH: "sexual harassment",
    },
    Topic.THREAT: {Language.KOREAN: "협박", Language.ENGLISH: "a threat"},
    Topic.SELF_HARM: {Language.KOREAN: "자해·자살", Language.ENGLISH: "self-harm"},
    Topic.REGULATOR: {Language.KOREAN: "외부 민원", Language.ENGLISH: "a regulator"},
    Topic.CANCELLATION: {Language.KOREAN: "해지", Language.ENGLISH: "cancelling"},
    Topic.CONFUSION: {Language.KOREAN: "혼란", Language.ENGLISH: "confusion"},
}
LEVEL_KO: Mapping[MoodLevel, str] = {
    MoodLevel.CALM: "차분",
    MoodLevel.TENSE: "긴장",
    MoodLevel.UPSET: "격앙",
}
TREND_WORDS: Mapping[Trend, Mapping[Language, str]] = {
    Trend.EASING: {Language.KOREAN: "누그러지는 중", Language.ENGLISH: "easing"},
    Trend.RISING: {Language.KOREAN: "고조되는 중", Language.ENGLISH: "rising"},
}
SENSITIVE_WORDS: Mapping[SensitivityKind, Mapping[Language, str]] = {
    SensitivityKind.SELF_HARM: {Language.KOREAN: "자해·위기", Language.ENGLISH: "a crisis"},
    SensitivityKind.THREAT: {Language.KOREAN: "위협", Language.ENGLISH: "a threat"},
    SensitivityKind.SEXUAL_HARASSMENT: {
        Language.KOREAN: "성희롱",
        Language.ENGLISH: "sexual harassment",
    },
    SensitivityKind.ABUSE: {Language.KOREAN: "폭언", Language.ENGLISH: "abuse"},
    SensitivityKind.VULNERABILITY: {Language.KOREAN: "배려 필요", Language.ENGLISH: "extra care"},
    SensitivityKind.ESCALATION: {
        Language.KOREAN: "외부 민원",
        Language.ENGLISH: "an outside complaint",
    },
    SensitivityKind.SUSTAINED_ANGER: {
        Language.KOREAN: "지속된 분노",
        Language.ENGLISH: "lasting anger",
    },
    SensitivityKind.CHURN: {Language.KOREAN: "해지 의사", Language.ENGLISH: "a wish to leave"},
}
PHASE_KO: Mapping[Phase, str] = {
    Phase.OPENING: "초반",
    Phase.BODY: "중반",
    Phase.CLOSING: "마무리",
}
HOUR_MS = 3_600_000
DAY_HOURS = 24
SPEAKER_KO: Mapping[Speaker, str] = {Speaker.CUSTOMER: "고객", Speaker.AGENT: "상담사"}


def explain_phrase(speaker: Speaker, words: str, language: Language) -> str:
    """The words as they were heard."""
    if language is Language.KOREAN:
        return f"{SPEAKER_KO[speaker]}: “{words}”"
    return f"{speaker} said “{words}”"


def explain_topic(topic: Topic, reading: Reading, language: Language) -> str:
    """What the text detector took the words to be about, and on which words."""
    trigger_words = ", ".join(reading.reasons[:3])
    name = TOPIC_WORDS[topic][language]
    text = f"{name} 관련 발언" if language is Language.KOREAN else f"words about {name}"
    return f"{text} ({trigger_words})" if trigger_words else text


def explain_emotion(emotion: Emotion, score: float, modality: Modality, language: Language) -> str:
    """One reading's score, and whether the voice or the words gave it."""
    if language is Language.KOREAN:
        where = "목소리" if modality is Modality.VOICE else "말"
        return f"{where}에서 {EMOTION_KO[emotion]} {score:.0%}"
    where = "voice" if modality is Modality.VOICE else "words"
    return f"{emotion} {score:.0%} in the {where}"


def explain_mood(mood: Mood, duration_ms: int, language: Language) -> str:
    """The mood as the screen shows it, and for how long it has been so."""
    korean = language is Language.KOREAN
    level = LEVEL_KO[mood.level] if korean else mood.level.value
    parts = [f"고객 상태 {level} ({mood.strain:.0%})" if korean else f"mood {level}"]
    if not korean:
        parts[0] += f" (strain {mood.strain:.0%})"
    if mood.trend in TREND_WORDS:
        parts.append(TREND_WORDS[mood.trend][language])
    if mood.shift:
        parts.append("급격한 변화" if korean else "sudden change")
    if duration_ms:
        parts.append(
            f"{format_seconds(duration_ms)}초째"
            if korean
            else f"for {format_seconds(duration_ms)} s"
        )
    return ", ".join(parts)


def explain_silence(duration_ms: int, language: Language) -> str:
    """Neither spoke."""
    if language is Language.KOREAN:
        return f"{format_seconds(duration_ms)}초 동안 침묵"
    return f"{format_seconds(duration_ms)} s of silence"


def explain_talk_over(speaker: Speaker | None, duration_ms: int, language: Language) -> str:
    """Who came in on top of the other, and for how long."""
    if language is Language.KOREAN:
        who = SPEAKER_KO[speaker] if speaker else "두 사람"
        return f"{who}의 말 겹침 {format_seconds(duration_ms)}초"
    return f"{speaker or 'both'} talked over for {format_seconds(duration_ms)} s"


def explain_call_time(now_ms: int, language: Language) -> str:
    """How long the call has lasted."""
    if language is Language.KOREAN:
        return f"통화 시작 후 {format_seconds(now_ms)}초"
    return f"{format_seconds(now_ms)} s into the call"


def explain_phase(phase: Phase, language: Language) -> str:
    """Which part of the call it is."""
    if language is Language.KOREAN:
        return f"통화 {PHASE_KO[phase]}"
    return f"in the call's {phase}"


def explain_absence(within_ms: int, language: Language) -> str:
    """What was awaited did not come."""
    if language is Language.KOREAN:
        return f"{format_seconds(within_ms)}초 동안 확인되지 않음"
    return f"not heard for {format_seconds(within_ms)} s"


def explain_repeat_caller(
    earlier_calls: int, within_ms: int, kind: SensitivityKind | None, language: Language
) -> str:
    """How often the caller has called, and what for; no more than that is known."""
    if language is Language.KOREAN:
        topic_ko = f"{SENSITIVE_WORDS[kind][language]} 관련 " if kind else ""
        return (
            f"최근 {_format_window(within_ms, language)} 동안 {topic_ko}이전 통화 {earlier_calls}건"
        )
    calls = "call" if earlier_calls == 1 else "calls"
    topic = f" about {SENSITIVE_WORDS[kind][language]}" if kind else ""
    return f"{earlier_calls} earlier {calls}{topic} in {_format_window(within_ms, language)}"


def _format_window(within_ms: int, language: Language) -> str:
    hours = within_ms / HOUR_MS
    korean = language is Language.KOREAN
    if hours >= DAY_HOURS and hours % DAY_HOURS == 0:
        days = int(hours // DAY_HOURS)
        return f"{days}일" if korean else f"{days} day{'s' * (days > 1)}"
    return f"{hours:g}시간" if korean else f"{hours:g} h"


def format_seconds(duration_ms: int) -> str:
    """Seconds with at most one digit behind the point."""
    return f"{duration_ms / 1000:.1f}".removesuffix(".0")
