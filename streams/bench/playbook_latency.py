"""What one event costs on its way through a library of playbooks, state and all."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from detectors.labels import Emotion, Topic
from detectors.mood import Mood, MoodState, follow
from detectors.reading import Modality, Reading
from detectors.utterance import Language, Span, Speaker, TranscriptLine, Turn, TurnKind
from playbooks.conditions.absence import Missing
from playbooks.conditions.event_based import Said
from playbooks.conditions.operators import All, Any, Count, Not, Sequence
from playbooks.conditions.state_based import MoodIs
from playbooks.engine.engine import step
from playbooks.engine.rulebook import Rulebook
from playbooks.engine.state import FRESH
from playbooks.events import CallStarted, event_time, kind_of
from playbooks.text.phrases import MAX_PHRASE
from streams.bench.detector_latency import LINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Sequence as ListOf

    from playbooks.conditions.base import Condition
    from playbooks.events import Event, EventKind
    from playbooks.playbook import Playbook

AIM_MS = 1.0
"""99th percentile of one event through 200 playbooks, on one core: issue 5 asks for it."""

CALL_MS = 300_000
ANGRY: dict[Language, tuple[str, ...]] = {
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
AGENT: dict[Language, tuple[str, ...]] = {
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


def company(library: Iterable[Playbook], count: int) -> Rulebook:
    """``count`` playbooks as a company may have: the library, and more of its kind.

    The others ask for the same words beside the name of a product, and for moods that last a
    little longer: they look at the same lines, remember as much, and fire at other moments.
    """
    books = tuple(library)
    made = [_other(books[n % len(books)], n // len(books), n) for n in range(count)]
    return Rulebook(tuple(made))


def copies(library: Iterable[Playbook], count: int) -> Rulebook:
    """The worst there is: the library again and again, every copy fires at the same events."""
    books = tuple(library)
    return Rulebook(tuple(_named(books[n % len(books)], n) for n in range(count)))


def _named(playbook: Playbook, number: int) -> Playbook:
    return replace(playbook, playbook_id=f"{playbook.playbook_id}-{number}")


def _other(playbook: Playbook, edition: int, number: int) -> Playbook:
    if not edition:
        return playbook
    when = _with(playbook.when, PRODUCTS[number % len(PRODUCTS)], 1_000 * edition)
    return replace(_named(playbook, number), when=when, supersedes=frozenset())


def _with(condition: Condition, word: str, longer_ms: int) -> Condition:
    """The condition for one product."""
    match condition:
        case Said(phrases=phrases):
            wanted = {
                language: tuple(_about(phrase, word) for phrase in those)
                for language, those in phrases.wanted.items()
            }
            return replace(condition, phrases=replace(phrases, wanted=wanted))
        case MoodIs(for_ms=for_ms):
            return replace(condition, for_ms=for_ms + longer_ms)
        case All(parts) | Any(parts) | Sequence(parts, _):
            return replace(condition, parts=tuple(_with(p, word, longer_ms) for p in parts))
        case Not(part) | Count(part, _, _) | Missing(part, _, _):
            return replace(condition, part=_with(part, word, longer_ms))
        case _:
            return condition


def _about(phrase: str, word: str) -> str:
    longer = f"{phrase} {word}"
    return longer if len(longer) <= MAX_PHRASE else phrase


def events(calls: int, *, seed: int = 0) -> Iterator[list[Event]]:
    """Made-up calls of five minutes, each as its events in order; every third is an angry one."""
    dice = random.Random(seed)  # noqa: S311 - not a secret
    for number in range(calls):
        language = list(Language)[number % len(Language)]
        yield _call(f"c{number}", language, dice, anger=0.5 if number % 3 == 0 else 0.05)


def measured(rulebook: Rulebook, calls: ListOf[list[Event]]) -> list[EventCost]:
    """Take every call through the rulebook, one event at a time; the first call warms up."""
    wall: defaultdict[EventKind, list[float]] = defaultdict(list)
    cpu: defaultdict[EventKind, list[float]] = defaultdict(list)
    for number, call in enumerate(calls):
        state = FRESH
        for event in call:
            now = event_time(event)
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            state, _ = step(rulebook, state, event, now=now)
            spent = time.process_time() - cpu_s, time.perf_counter() - wall_s
            if number:
                cpu[kind_of(event)].append(1_000 * spent[0])
                wall[kind_of(event)].append(1_000 * spent[1])
    kinds = [EventCost(str(kind), tuple(wall[kind]), tuple(cpu[kind])) for kind in wall]
    everything = (tuple(x for k in wall for x in part[k]) for part in (wall, cpu))
    return [*kinds, EventCost("every event", *everything)]


def _call(call_id: str, language: Language, dice: random.Random, *, anger: float) -> list[Event]:
    told: list[Event] = [CallStarted(call_id, queue="cards", language=language)]
    mood, at_ms = MoodState(), 0
    while at_ms < CALL_MS:
        at_ms += dice.randint(500, 3_000)
        if dice.random() < 0.1:  # noqa: PLR2004
            told.append(Turn(call_id, TurnKind.SILENCE, Span(at_ms, at_ms + 6_000)))
            at_ms += 6_000
        span = Span(at_ms, at_ms + dice.randint(1_500, 5_000))
        at_ms = span.end_ms
        speaker = dice.choice(list(Speaker))
        told.append(Turn(call_id, TurnKind.SPEECH, span, speaker))
        if speaker is Speaker.AGENT:
            told.append(_line(call_id, speaker, span, dice.choice(AGENT[language]), language))
            continue
        furious = dice.random() < anger
        text = dice.choice(ANGRY[language] if furious else LINES[language])
        told.append(_line(call_id, speaker, span, text, language))
        topics = (_TOPICS[ANGRY[language].index(text)],) if furious else ()
        for reading in _readings(call_id, span, topics, dice, furious=furious):
            told.append(reading)
            before, mood = mood.mood, follow(mood, reading)
            told += _changed(before, mood.mood)
    return told


def _changed(before: Mood | None, after: Mood | None) -> list[Event]:
    return [after] if after is not None and after != before else []


def _line(
    call_id: str, speaker: Speaker, span: Span, text: str, language: Language
) -> TranscriptLine:
    return TranscriptLine(call_id, speaker, span, text, language)


def _readings(
    call_id: str, span: Span, topics: tuple[Topic, ...], dice: random.Random, *, furious: bool
) -> Iterator[Reading]:
    angry = dice.uniform(0.6, 0.95) if furious else dice.uniform(0.0, 0.3)
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
