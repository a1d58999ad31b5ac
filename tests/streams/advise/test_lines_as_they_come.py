"""Words as recognisers send them: cut, told again, moved. Through the rules of the library."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine
from playbooks.files.loader import load_library
from streams.advise.call_state import AdviceState, advise, from_json, to_json
from streams.messages.calls import TranscriptMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playbooks.alert import Alert
    from playbooks.engine.rulebook import Rulebook

CALL = "c1"
SELF_HARM, ABUSE = "self-harm-words", "abusive-words"


@cache
def library() -> Rulebook:
    return load_library()


def line(
    text: str,
    start_ms: int,
    end_ms: int,
    *,
    speaker: Speaker = Speaker.CUSTOMER,
    **fields: Any,
) -> TranscriptLine:
    language = Language.ENGLISH if text.isascii() else Language.KOREAN
    return TranscriptLine(CALL, speaker, TimeSpan(start_ms, end_ms), text, language, **fields)


def play(lines: Iterable[TranscriptLine], *, restarts: bool = False) -> list[Alert]:
    """The alerts that the lines lead to; with ``restarts`` the state is written down in between."""
    state, alerts = AdviceState(), []
    for each in lines:
        message = TranscriptMessage.of(each)
        state, result = advise(
            state, message.record, message_id=message.message_id, rulebook=library()
        )
        alerts += result.alerts
        state = from_json(to_json(state)) if restarts else state
    return alerts


def fired(lines: Iterable[TranscriptLine], **options: bool) -> list[str]:
    return [alert.playbook_id for alert in play(lines, **options)]


CUTS = {
    "in two": [("저 진짜 이제는 죽고", 2_000, 4_000), ("싶어요", 4_200, 5_000)],
    "in two, English": [
        ("I told my sister I'm going to kill", 2_000, 4_000),
        ("myself if this goes on", 4_100, 5_000),
    ],
    "in three": [
        ("저 진짜 이제는", 2_000, 3_000),
        ("죽고", 3_400, 4_000),
        ("싶어요", 4_200, 5_000),
    ],
    "inside a word": [("저 진짜 자", 2_000, 4_000), ("살하고 싶어요", 4_100, 5_000)],
    "inside a word, en": [("I want to kill mys", 2_000, 4_000), ("elf tonight", 4_000, 5_000)],
    "behind a long line": [("아 " * 900 + "죽고", 2_000, 4_000), ("싶어요", 4_200, 5_000)],
}


@pytest.mark.parametrize("pieces", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("restarts", [False, True])
def test_a_sentence_that_is_cut_is_one_sentence(
    pieces: list[tuple[str, int, int]], *, restarts: bool
) -> None:
    assert fired((line(*piece) for piece in pieces), restarts=restarts).count(SELF_HARM) == 1


def test_pieces_that_come_the_other_way_round_are_one_sentence() -> None:
    first, second = (line(*piece) for piece in CUTS["in two"])
    assert fired([second, first]) == [SELF_HARM]


def test_the_evidence_is_every_piece_that_the_words_stand_in() -> None:
    (alert,) = play(line(*piece) for piece in CUTS["in three"])
    assert len(alert.cause_ids) >= 2


def test_a_listener_who_says_yes_does_not_cut_a_sentence() -> None:
    first, second = (line(*piece) for piece in CUTS["in two"])
    assert fired([first, line("네", 4_000, 4_200, speaker=Speaker.AGENT), second]) == [SELF_HARM]


def test_a_question_of_the_other_cuts_it() -> None:
    first, second = (line(*piece) for piece in CUTS["in two"])
    question = line("어떤 카드를 쓰시나요", 4_000, 4_150, speaker=Speaker.AGENT)
    assert fired([first, question, second]) == []


def test_what_is_said_a_second_later_is_another_sentence() -> None:
    first, second = line("저 진짜 이제는 죽고", 2_000, 4_000), line("싶어요", 5_000, 6_000)
    assert fired([first, second]) == []


def test_a_line_that_grows_is_read_anew() -> None:
    grown = line("네 저기요 저 그냥 죽고 싶어요", 2_000, 9_000)
    assert fired([line("네 저기요", 2_000, 5_000), grown]) == [SELF_HARM]


def test_a_line_that_grows_word_by_word_fires_once() -> None:
    text = "네 저기요 저 그냥 죽고 싶어요 정말로 이제는 다 끝내고 싶어요 진짜로"
    words = text.split(" ")
    told = [line(" ".join(words[:n]), 2_000, 2_000 + 20_000 * n) for n in range(1, len(words) + 1)]
    first, *others = [alert for alert in play(told) if alert.playbook_id == SELF_HARM]
    assert first.at_ms == 2_000 + 20_000 * 6
    assert all("끝내" in str(other.reasons) for other in others)


@pytest.mark.parametrize(
    "again",
    [
        ("야 이 개새끼야 지금 며칠째야", 2_000, 5_000),
        ("야 이 개새끼야 지금 며칠째야", 2_100, 25_100),
        ("야, 이 개새끼야! 지금 며칠째야?", 1_900, 25_000),
        ("야 이 개새끼야 지금 며칠째야 어", 2_000, 25_000),
        ("야 이 개새끼야", 2_000, 25_000),
        ("야 이 개새끼야 지금 며칠 됐어", 2_000, 25_000),
    ],
)
def test_words_that_are_told_again_do_not_fire_again(again: tuple[str, int, int]) -> None:
    assert fired([line("야 이 개새끼야 지금 며칠째야", 2_000, 5_000), line(*again)]) == [ABUSE]


def test_new_words_of_a_line_that_grows_fire_again() -> None:
    first = line("야 이 개새끼야", 2_000, 5_000)
    assert fired([first, line("야 이 개새끼야 이 병신아", 2_000, 30_000)]) == [ABUSE, ABUSE]


def test_a_line_that_is_corrected_is_read_as_it_is_now() -> None:
    wrong, right = (
        line("저 그냥 죽도 싶어요", 2_000, 5_000),
        line("저 그냥 죽고 싶어요", 2_000, 5_000),
    )
    assert fired([wrong, right]) == [SELF_HARM]


def test_two_lines_with_one_start_are_two_lines() -> None:
    first, second = line("카드를 잃어버렸어요", 2_000, 4_000), line("저 죽고 싶어요", 2_000, 9_000)
    alerts = play([first, second])
    (self_harm,) = [alert for alert in alerts if alert.playbook_id == SELF_HARM]
    assert self_harm.cause_ids == (second.line_id,)


def test_the_recogniser_knows_its_own_lines() -> None:
    first = line("저 그냥", 2_000, 3_000, source_id="a1")
    later = line("하 진짜 죽고 싶어요", 8_000, 9_000, source_id="a1", revision=2)
    older = line("저 그냥 살고", 2_000, 4_000, source_id="a1", revision=1)
    (alert,) = play([first, later, older])
    assert (alert.playbook_id, alert.cause_ids) == (SELF_HARM, (later.line_id,))


SENTENCES = (
    "저 진짜 이제는 죽고 싶어요 더는 못 하겠어요",
    "오늘 밤에 자살할 거예요 그렇게 아세요",
    "I told my sister I'm going to kill myself if this goes on",
    "honestly I just want to die and be done",
)


@st.composite
def recognised(draw: st.DrawFn) -> list[TranscriptLine]:
    """A sentence in 1-4 finals, partial lines in between, some told again or moved a little."""
    words = draw(st.sampled_from(SENTENCES)).split()
    cuts = sorted(draw(st.sets(st.integers(1, len(words) - 1), max_size=3)))
    bounds = [0, *cuts, len(words)]
    lines: list[TranscriptLine] = []
    at_ms = 5_000
    for start, end in pairwise(bounds):
        text = " ".join(words[start:end])
        end_ms = at_ms + 400 * (end - start)
        final = line(text, at_ms, end_ms)
        partials = [line(text[:n], at_ms, end_ms, final=False) for n in (1, len(text))]
        lines += [*partials[: draw(st.integers(0, 2))], final]
        for moved_ms in draw(st.lists(st.integers(-100, 100), max_size=2)):
            lines.append(line(text, at_ms + moved_ms, end_ms + moved_ms))
        at_ms = end_ms + draw(st.integers(0, 800))
    return lines


@settings(max_examples=80, deadline=None)
@given(recognised())
def test_however_a_sentence_is_cut_and_told_it_fires_once(lines: list[TranscriptLine]) -> None:
    assert fired(lines).count(SELF_HARM) == 1
