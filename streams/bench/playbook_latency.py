"""What one event costs on its way through a library of playbooks, state and all."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from detectors.labels import Emotion, Topic
from detectors.mood import Mood, MoodState, update_mood
from detectors.reading import Modality, Reading
from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine, Turn, TurnKind
from playbooks.conditions.absence_pattern import AbsencePattern
from playbooks.conditions.all_of import AllOf
from playbooks.conditions.any_of import AnyOf
from playbooks.conditions.count_pattern import CountPattern
from playbooks.conditions.mood_condition import MoodCondition
from playbooks.conditions.negation import Not
from playbooks.conditions.phrase_condition import PhraseCondition
from playbooks.conditions.sequence_pattern import SequencePattern
from playbooks.engine.engine import advance
from playbooks.engine.rulebook import Rulebook
from playbooks.engine.state import INITIAL_CALL_STATE
from playbooks.events import CallStarted, event_kind, event_time
from playbooks.text.phrases import MAX_PHRASE
from streams.bench.detector_latency import LINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Sequence as ListOf

    from playbooks.conditions.condition import Condition
    from playbooks.events import Event, EventKind
    from playbooks.playbook import Playbook

TARGET_MS = 1.0
"""99th percentile of one event through 200 playbooks, on one core: issue 5 asks for it."""

CALL_MS = 300_000
ANGRY_LINES: dict[Language, tuple[str, ...]] = {
    Language.KOREAN: (
        "아 씨발 진짜 몇 번을 말해야 알아들어",
        "금융감독원에 민원 넣고 소송할 거예요",
        "지금 당장 해지해 주세요 더는 못 참아요",
        "무슨 말인지 모르겠어요 천천히 말해 주세요",
    ),
    Language.ENGLISH: (
        "Are you fucking kidding me, how many times do I have to say it",
        "I will file a complaint with the ombudsman and call my lawyer",
        "Cancel it right now, I am done with you people",
        "I don't understand, could you slow down please",
    ),
}
AGENT_LINES: dict[Language, tuple[str, ...]] = {
    Language.KOREAN: ("네 고객님 확인해 보겠습니다", "불편을 드려 죄송합니다 잠시만 기다려 주세요"),
    Language.ENGLISH: ("Let me check that for you", "I am sorry about that, one moment please"),
}
_TOPICS = (Topic.ABUSE, Topic.REGULATOR, Topic.CANCELLATION, Topic.CONFUSION)


@dataclass(frozen=True, slots=True)
class EventCost:
    """What events of one kind cost.

    Attributes:
        wall_ms: time that passed, one an event. On a shared machine others' work is in it.
        cpu_ms: time that this process computed, likewise.
    """

    kind: str
    wall_ms: tuple[float, ...]
    cpu_ms: tuple[float, ...]

    def percentile(self, of_100: int, *, cpu: bool = False) -> float:
        """A percentile in ms."""
        return float(np.percentile(self.cpu_ms if cpu else self.wall_ms, of_100))


PRODUCTS = (
    "카드", "대출", "적금", "예금", "연금", "펀드", "보험", "환급", "배송", "교환", "반품", "할부",
    "loan", "card", "claim", "refund", "pension", "policy", "order", "parcel", "deposit", "fee",
)  # fmt: skip


def build_varied_rulebook(library: Iterable[Playbook], count: int) -> Rulebook:
    """``count`` playbooks as a company may have: the library, and more of its kind.

    The others ask for the same words beside the name of a product, and for moods that last a
    little longer: they look at the same lines, remember as much, and fire at other moments.
    """
    playbooks = tuple(library)
    variants = [
        _build_variant(playbooks[n % len(playbooks)], n // len(playbooks), n) for n in range(count)
    ]
    return Rulebook(tuple(variants))


def build_repeated_rulebook(library: Iterable[Playbook], count: int) -> Rulebook:
    """The worst there is: the library again and again, every copy fires at the same events."""
    playbooks = tuple(library)
    return Rulebook(tuple(_with_number(playbooks[n % len(playbooks)], n) for n in range(count)))


def _with_number(playbook: Playbook, number: int) -> Playbook:
    return replace(playbook, playbook_id=f"{playbook.playbook_id}-{number}")


def _build_variant(playbook: Playbook, edition: int, number: int) -> Playbook:
    if not edition:
        return playbook
    when = _for_product(playbook.when, PRODUCTS[number % len(PRODUCTS)], 1_000 * edition)
    return replace(_with_number(playbook, number), when=when, supersedes=frozenset())


def _for_product(condition: Condition, product: str, extra_ms: int) -> Condition:
    """The condition for one product."""
    match condition:
        case PhraseCondition(phrases=phrases):
            phrases_by_language = {
                language: tuple(_append_word(phrase, product) for phrase in those)
                for language, those in phrases.inclusions.items()
            }
            return replace(condition, phrases=replace(phrases, inclusions=phrases_by_language))
        case MoodCondition(for_ms=for_ms):
            return replace(condition, for_ms=for_ms + extra_ms)
        case AllOf(parts) | AnyOf(parts) | SequencePattern(parts, _):
            return replace(
                condition, parts=tuple(_for_product(p, product, extra_ms) for p in parts)
            )
        case Not(part) | CountPattern(part, _, _) | AbsencePattern(part, _, _):
            return replace(condition, part=_for_product(part, product, extra_ms))
        case _:
            return condition


def _append_word(phrase: str, word: str) -> str:
    extended = f"{phrase} {word}"
    return extended if len(extended) <= MAX_PHRASE else phrase


def generate_calls(calls: int, *, seed: int = 0) -> Iterator[list[Event]]:
    """Made-up calls of five minutes, each as its events in order; every third is an angry one."""
    rng = random.Random(seed)  # noqa: S311 - not a secret
    for number in range(calls):
        language = list(Language)[number % len(Language)]
        yield _generate_call(f"c{number}", language, rng, anger=0.5 if number % 3 == 0 else 0.05)


def measure_events(rulebook: Rulebook, calls: ListOf[list[Event]]) -> list[EventCost]:
    """Take every call through the rulebook, one event at a time; the first call warms up."""
    wall: defaultdict[EventKind, list[float]] = defaultdict(list)
    cpu: defaultdict[EventKind, list[float]] = defaultdict(list)
    for number, call in enumerate(calls):
        state = INITIAL_CALL_STATE
        for event in call:
            now = event_time(event)
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            state, _ = advance(rulebook, state, event, now=now)
            cost_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
            if number:
                cpu[event_kind(event)].append(1_000 * cost_s[0])
                wall[event_kind(event)].append(1_000 * cost_s[1])
    kinds = [EventCost(str(kind), tuple(wall[kind]), tuple(cpu[kind])) for kind in wall]
    totals = (tuple(cost_ms for k in wall for cost_ms in part[k]) for part in (wall, cpu))
    return [*kinds, EventCost("every event", *totals)]


def _generate_call(
    call_id: str, language: Language, rng: random.Random, *, anger: float
) -> list[Event]:
    call_events: list[Event] = [CallStarted(call_id, queue="cards", language=language)]
    mood, at_ms = MoodState(), 0
    while at_ms < CALL_MS:
        at_ms += rng.randint(500, 3_000)
        if rng.random() < 0.1:  # noqa: PLR2004
            call_events.append(Turn(call_id, TurnKind.SILENCE, TimeSpan(at_ms, at_ms + 6_000)))
            at_ms += 6_000
        span = TimeSpan(at_ms, at_ms + rng.randint(1_500, 5_000))
        at_ms = span.end_ms
        speaker = rng.choice(list(Speaker))
        call_events.append(Turn(call_id, TurnKind.SPEECH, span, speaker))
        if speaker is Speaker.AGENT:
            call_events.append(
                _build_line(call_id, speaker, span, rng.choice(AGENT_LINES[language]), language)
            )
            continue
        is_angry = rng.random() < anger
        text = rng.choice(ANGRY_LINES[language] if is_angry else LINES[language])
        call_events.append(_build_line(call_id, speaker, span, text, language))
        topics = (_TOPICS[ANGRY_LINES[language].index(text)],) if is_angry else ()
        for reading in _build_readings(call_id, span, topics, rng, is_angry=is_angry):
            call_events.append(reading)
            previous, mood = mood.mood, update_mood(mood, reading)
            call_events += _changed_mood(previous, mood.mood)
    return call_events


def _changed_mood(before: Mood | None, after: Mood | None) -> list[Event]:
    return [after] if after is not None and after != before else []


def _build_line(
    call_id: str, speaker: Speaker, span: TimeSpan, text: str, language: Language
) -> TranscriptLine:
    return TranscriptLine(call_id, speaker, span, text, language)


def _build_readings(
    call_id: str, span: TimeSpan, topics: tuple[Topic, ...], rng: random.Random, *, is_angry: bool
) -> Iterator[Reading]:
    angry = rng.uniform(0.6, 0.95) if is_angry else rng.uniform(0.0, 0.3)
    for modality in Modality:
        yield Reading(
            call_id,
            span,
            modality,
            detector="made-up",
            version="1",
            scores={Emotion.NEUTRAL: 1 - angry, Emotion.ANGER: angry},
            confidence=0.8,
            topics=topics if modality is Modality.TEXT else (),
        )
