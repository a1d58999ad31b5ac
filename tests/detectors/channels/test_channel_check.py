"""Sides that are exchanged are said; calls that are right never are, however their words come."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from detectors.channels.agent_phrases import find_greeting_parts, is_agent_phrase
from detectors.channels.channel_check import check_channels
from detectors.channels.channel_fault import ChannelFault, FaultEvidence, FaultKind
from detectors.utterance import Speaker, TimeSpan, TranscriptLine
from streams.ingest.replay.channel_exchange import describe_exchange, find_speech
from streams.ingest.replay.played_call import DEMO, ReplayInput, load_call

Speech = dict[Speaker, list[TimeSpan]]
CALLS = ("bank-ko", "card-en")


@cache
def words(call: str) -> tuple[TranscriptLine, ...]:
    return load_call(ReplayInput(DEMO / call)).lines


@cache
def speech(call: str) -> Speech:
    return find_speech(load_call(ReplayInput(DEMO / call)).recording)


def exchanged_speech(call: str) -> Speech:
    return {speaker: speech(call)[speaker.other] for speaker in Speaker}


def exchanged_words(call: str) -> list[TranscriptLine]:
    return [replace(line, speaker=line.speaker.other) for line in words(call)]


def moved(lines: tuple[TranscriptLine, ...], by_ms: int) -> list[TranscriptLine]:
    return [
        replace(
            line,
            span=TimeSpan(max(0, line.span.start_ms + by_ms), max(0, line.span.end_ms + by_ms)),
        )
        for line in lines
    ]


def evidence(fault: ChannelFault | None) -> FaultEvidence | None:
    assert fault is None or fault.kind is FaultKind.EXCHANGED
    return None if fault is None else fault.evidence


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_is_right_is_right(call: str) -> None:
    assert check_channels(words(call), speech(call)) is None


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("by_ms", [-1_000, -400, 0, 400, 1_000])
def test_exchanged_channels_are_found_though_the_clocks_are_a_second_apart(
    call: str, by_ms: int
) -> None:
    fault = check_channels(moved(words(call), by_ms), exchanged_speech(call))
    assert evidence(fault) is FaultEvidence.WORDS_AGAINST_SOUND


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("by_ms", [-6_000, -3_000, -1_000, 1_000, 2_000, 4_000, 6_000, 20_000])
def test_words_that_come_late_or_early_are_not_exchanged(call: str, by_ms: int) -> None:
    assert check_channels(moved(words(call), by_ms), speech(call)) is None


@pytest.mark.parametrize("call", CALLS)
def test_words_and_sound_that_are_exchanged_together_are_found_by_the_greeting(call: str) -> None:
    fault = check_channels(exchanged_words(call), exchanged_speech(call))
    assert evidence(fault) is FaultEvidence.AGENT_PHRASES


@pytest.mark.parametrize("call", CALLS)
def test_lines_without_times_are_judged_by_the_greeting_alone(call: str) -> None:
    untimed = [replace(line, span=TimeSpan(0, 0)) for line in words(call)]
    turned = [replace(line, speaker=line.speaker.other) for line in untimed]
    assert check_channels(untimed, exchanged_speech(call)) is None
    assert evidence(check_channels(turned, speech(call))) is FaultEvidence.AGENT_PHRASES
    assert evidence(check_channels(turned, {})) is FaultEvidence.AGENT_PHRASES


@pytest.mark.parametrize("call", CALLS)
def test_a_few_lines_of_the_wrong_speaker_neither_hide_nor_make_an_exchange(call: str) -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        wrong = set(random.choice(len(words(call)), 2, replace=False))
        lines = [
            replace(line, speaker=line.speaker.other) if index in wrong else line
            for index, line in enumerate(words(call))
        ]
        assert check_channels(lines, speech(call)) is None
        assert check_channels(lines, exchanged_speech(call)) is not None


@pytest.mark.parametrize("call", CALLS)
def test_a_dead_channel_is_no_exchanged_one(call: str) -> None:
    both = [*speech(call)[Speaker.AGENT], *speech(call)[Speaker.CUSTOMER]]
    mix: Speech = {Speaker.CUSTOMER: [], Speaker.AGENT: sorted(both, key=lambda s: s.start_ms)}
    assert check_channels(words(call), mix) is None


def test_five_lines_are_too_few_to_say_that_the_sound_is_exchanged() -> None:
    assert check_channels(words("bank-ko")[:5], exchanged_speech("bank-ko")) is None


GREETINGS = [
    "감사합니다, 새봄은행 상담사 김서연입니다. 무엇을 도와드릴까요?",
    "전화 주셔서 감사합니다. 한빛카드 고객센터 상담원 이지우입니다.",
    "안녕하십니까 고객님, 상담사 박도윤입니다. 어떻게 도와 드릴까요",
    "Thank you for calling Northbank, my name is Sarah, how can I help you today?",
    "Thanks for calling. You're speaking with Tom. How may I assist you?",
    "Hello, this is Maria from the card team, what can I do for you?",
]
CUSTOMERS = [
    "안녕하세요, 거기 새봄은행 고객센터죠?",
    "아까 김서연 상담사님이랑 통화했는데요.",
    "네, 감사합니다. 수고하세요.",
    "저 좀 도와주세요. 카드를 잃어버렸어요.",
    "상담원 좀 바꿔 주세요.",
    "Hi, my name is Paul and I have a problem with my card.",
    "Thank you so much, can you help me?",
    "How can I get my money back?",
    "This is Anna, I called yesterday.",
]


@pytest.mark.parametrize("text", GREETINGS)
def test_the_greeting_of_a_desk_is_recognised(text: str) -> None:
    assert len(find_greeting_parts(text)) >= 2


@pytest.mark.parametrize("text", CUSTOMERS)
def test_what_customers_say_is_no_greeting_of_a_desk(text: str) -> None:
    assert len(find_greeting_parts(text)) < 2
    assert not is_agent_phrase(text)


@pytest.mark.parametrize("greeting", GREETINGS)
def test_a_greeting_on_the_customers_side_says_that_the_sides_are_exchanged(greeting: str) -> None:
    texts = [
        (Speaker.CUSTOMER, greeting),
        (Speaker.AGENT, "네, 카드를 잃어버렸어요."),
        (Speaker.CUSTOMER, "성함이 어떻게 되세요?"),
        (Speaker.AGENT, "홍길동이요."),
    ]
    lines = [
        TranscriptLine("c", speaker, TimeSpan(4_000 * number, 4_000 * number + 3_000), text)
        for number, (speaker, text) in enumerate(texts)
    ]
    assert evidence(check_channels(lines, {})) is FaultEvidence.AGENT_PHRASES
    assert check_channels(lines[:1], {}) is None, "one line says too little"
    agent_too = replace(lines[1], text="네, 고객님. 확인해 드리겠습니다.")
    assert check_channels([lines[0], agent_too, *lines[2:]], {}) is None


@pytest.mark.parametrize("call", CALLS)
def test_one_greeting_that_stands_where_the_agent_speaks_is_one_wrong_line(call: str) -> None:
    first = replace(words(call)[0], speaker=Speaker.CUSTOMER)
    rest = [
        replace(line, text="네") if line.speaker is Speaker.AGENT else line
        for line in words(call)[1:5]
    ]
    assert check_channels([first, *rest], speech(call)) is None


@pytest.mark.parametrize("call", CALLS)
def test_replay_says_what_to_do(call: str) -> None:
    right = load_call(ReplayInput(DEMO / call))
    assert describe_exchange(right) is None
    wrong = load_call(ReplayInput(DEMO / call, customer_channel="left"))
    warning = describe_exchange(wrong) or ""
    assert "EXCHANGED" in warning
    assert "--customer-channel right" in warning
