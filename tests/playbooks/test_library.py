from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from detectors.utterance import Language, Span, Speaker, TranscriptLine
from playbooks.checks import run_cases
from playbooks.engine import step
from playbooks.loading import LIBRARY as FOLDER
from playbooks.loading import load_library, load_lists
from playbooks.mutants import mutants, sparing, unnoticed
from playbooks.states import FRESH

if TYPE_CHECKING:
    from playbooks.playbook import Playbook

LIBRARY = load_library()
SHARED_FRIENDS = {
    friend
    for words in load_lists(FOLDER).values()
    for friends in words.but_not.values()
    for friend in friends
}
"""False friends of word lists: it is enough if one of the playbooks that use them has a test."""
each_playbook = pytest.mark.parametrize("playbook", LIBRARY, ids=lambda p: p.playbook_id)

HANGUL = re.compile("[가-힣]")
HARMLESS = """\
안녕하세요 카드 결제일을 바꾸고 싶은데요
배고파 죽겠네 빨리 끝내고 밥 먹어야지
지난달 보험료가 두 번 나간 것 같아서 확인하려고요
네 잠깐만요 볼펜 좀 찾을게요
아이가 새끼손가락을 다쳐서 보험금을 청구하려고요
노래방에서 죽여주게 불렀어요 그건 그렇고 한도 조회요
금리가 얼마인지 궁금해요
Hello, I would like to change my address please.
I could murder a coffee, sorry, go on.
My phone died, that's why I hung up.
What is the interest rate on the savings account?
Thanks, you have been very helpful today.""".splitlines()


@each_playbook
def test_its_own_tests_pass(playbook: Playbook) -> None:
    assert [o.difference for o in run_cases(playbook) if not o.passed] == []


@each_playbook
def test_taking_any_one_condition_away_breaks_one_of_its_tests(playbook: Playbook) -> None:
    assert unnoticed(playbook, shared=SHARED_FRIENDS) == []


@pytest.mark.parametrize("friend", sorted(SHARED_FRIENDS))
def test_a_false_friend_of_a_word_list_is_in_a_test_of_some_playbook(friend: str) -> None:
    asked = [p for p in LIBRARY if sparing(friend) in {name for name, _ in mutants(p.when)}]
    assert any(sparing(friend) not in unnoticed(playbook) for playbook in asked)


@each_playbook
def test_it_speaks_both_languages_and_does_not_mix_them_up(playbook: Playbook) -> None:
    for texts in (playbook.title, playbook.why, *(rung.title for rung in playbook.rungs)):
        assert HANGUL.search(texts[Language.KOREAN])
        assert not HANGUL.search(texts[Language.ENGLISH])
    for rung in playbook.rungs:
        assert all(HANGUL.search(text) for text in rung.suggestion[Language.KOREAN])
        assert not any(HANGUL.search(text) for text in rung.suggestion[Language.ENGLISH])


@each_playbook
def test_it_has_a_sentence_to_read_out(playbook: Playbook) -> None:
    for rung in playbook.rungs:
        assert any("“" in step for step in rung.suggestion[Language.KOREAN])
        assert any("“" in step for step in rung.suggestion[Language.ENGLISH])


def test_abuse_brings_three_notices_and_the_decision_stays_with_the_agent() -> None:
    abuse = next(p for p in LIBRARY if p.playbook_id == "abusive-words")
    assert [rung.level for rung in abuse.rungs] == ["notice", "warning", "critical"]
    last = " ".join(abuse.rungs[-1].suggestion[Language.KOREAN])
    assert "상담사님이 정하십니다" in last
    assert "자동으로 끊기지 않습니다" in last
    assert "산업안전보건법 제41조" in abuse.why[Language.KOREAN]


def test_words_of_self_harm_lead_to_the_help_lines() -> None:
    distress = next(p for p in LIBRARY if p.playbook_id == "self-harm-words")
    assert "109" in " ".join(distress.suggestion[Language.KOREAN])
    assert "988" in " ".join(distress.suggestion[Language.ENGLISH])


@pytest.mark.parametrize("speaker", Speaker)
def test_an_ordinary_call_brings_no_alert(speaker: Speaker) -> None:
    state = FRESH
    for number, text in enumerate(HARMLESS):
        span = Span(number * 5000, number * 5000 + 3000)
        event = TranscriptLine("c1", speaker, span, text)
        state, alerts = step(LIBRARY, state, event, now=span.end_ms)
        assert alerts == (), text
