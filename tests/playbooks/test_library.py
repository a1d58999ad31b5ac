from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from detectors.utterance import Language, Speaker, TimeSpan, TranscriptLine
from playbooks.alert import Action
from playbooks.engine.engine import advance
from playbooks.engine.state import INITIAL_CALL_STATE
from playbooks.files.loader import LIBRARY as FOLDER
from playbooks.files.loader import load_library, load_word_lists
from playbooks.review.mutation_testing import (
    exclusion_mutant_name,
    find_surviving_mutants,
    generate_mutants,
)
from playbooks.review.test_runner import run_cases
from playbooks.sensitivity import SensitivityKind

if TYPE_CHECKING:
    from playbooks.playbook import Playbook

LIBRARY = load_library()
SHARED_FRIENDS = {
    friend
    for words in load_word_lists(FOLDER).values()
    for friends in words.exclusions.values()
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
Thanks, you have been very helpful today.
카드 재발급 받으면 번호가 바뀌나요
이번 달 결제 금액이 얼마인지 알려 주세요
체크카드 한도를 올리고 싶은데요
이체 한도가 하루에 얼마까지예요
주택담보대출 금리가 언제 바뀌나요
대출 서류를 어디로 보내면 되나요
통장 비밀번호를 잊어버려서요
자동이체 날짜를 십오일로 바꿔 주세요
적금 만기가 다음 달인데 자동으로 연장되나요
환전하려면 지점에 가야 하나요
아이 통장을 만들려면 뭐가 필요해요
연말정산 서류를 메일로 받을 수 있을까요
보험료가 왜 올랐는지 설명 좀 해 주세요
실손보험 청구하려면 영수증만 있으면 되나요
자동차보험 갱신이 언제까지예요
지난달에 접촉 사고 접수한 거 진행 상황이 궁금해요
운전자 범위를 부부로 바꾸고 싶어요
보장 내용을 문자로 보내 주세요
건강검진 결과를 내야 하나요
입원비 특약이 하루에 얼마예요
주문한 상품 색상을 바꿀 수 있나요
배송지를 회사로 바꿔 주세요
오늘 주문하면 언제 도착하나요
사이즈가 안 맞아서 교환하고 싶어요
적립금은 언제 들어와요
포장을 선물용으로 해 주실 수 있나요
신고하신 주소가 맞는지 확인하신다고요 네 맞아요
아 네 죄송해요 제가 잘못 봤네요
네 감사합니다 수고하세요
비가 많이 와서 늦게 받아도 괜찮아요
Can I raise the limit on my credit card?
I forgot the PIN for my debit card.
When is my next mortgage payment due?
Could you send me a copy of my statement?
I need to add my daughter to the car insurance.
How much is the deductible on this policy?
I sent the claim form last week, did you get it?
Can I change the delivery address for my order?
It is the wrong size, I would like to exchange it.
Do you ship to Hawaii?
My card expires next month, will I get a new one?
What time does the branch close on Friday?
That kills two birds with one stone, great.
No, that's all I needed. Have a nice day.""".splitlines()


@each_playbook
def test_its_own_tests_pass(playbook: Playbook) -> None:
    assert [o.difference for o in run_cases(playbook) if not o.passed] == []


@each_playbook
def test_taking_any_one_condition_away_breaks_one_of_its_tests(playbook: Playbook) -> None:
    assert find_surviving_mutants(playbook, shared_exclusions=SHARED_FRIENDS) == []


@pytest.mark.parametrize("friend", sorted(SHARED_FRIENDS))
def test_a_false_friend_of_a_word_list_is_in_a_test_of_some_playbook(friend: str) -> None:
    spared = [
        playbook
        for playbook in LIBRARY
        if any(
            name.endswith(exclusion_mutant_name(friend))
            for name, _ in generate_mutants(playbook.when)
        )
        and not any(
            name.endswith(exclusion_mutant_name(friend))
            for name in find_surviving_mutants(playbook)
        )
    ]
    assert spared


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


def test_abuse_brings_three_warnings_and_the_decision_stays_with_the_agent() -> None:
    abuse = next(p for p in LIBRARY if p.playbook_id == "abusive-words")
    assert [rung.level for rung in abuse.rungs] == ["notice", "warning", "critical", "critical"]
    assert [Action.READ_OUT in rung.actions for rung in abuse.rungs] == [True, True, True, False]
    assert set(abuse.rungs[-1].actions) == set(Action) - {Action.READ_OUT}
    assert abuse.at_most == len(abuse.rungs)
    last = " ".join(abuse.rungs[-1].suggestion[Language.KOREAN])
    assert "상담사님이 정하십니다" in last
    assert "자동으로 끊기지 않습니다" in last
    assert "산업안전보건법 제41조" in abuse.why[Language.KOREAN]


@pytest.mark.parametrize("kind", SensitivityKind)
def test_every_kind_of_sensitive_customer_has_a_ladder_of_its_own(kind: SensitivityKind) -> None:
    ladders = [p for p in LIBRARY if p.sensitive is kind and len(p.rungs) > 1]
    assert ladders
    assert all(2 <= len(p.rungs) <= 4 for p in ladders)
    assert all(p.at_most >= len(p.rungs) for p in ladders)


def test_words_of_self_harm_lead_to_the_help_lines() -> None:
    distress = next(p for p in LIBRARY if p.playbook_id == "self-harm-words")
    assert "109" in " ".join(distress.suggestion[Language.KOREAN])
    assert "988" in " ".join(distress.suggestion[Language.ENGLISH])


@pytest.mark.parametrize("speaker", Speaker)
def test_an_ordinary_call_brings_no_alert(speaker: Speaker) -> None:
    state = INITIAL_CALL_STATE
    for number, text in enumerate(HARMLESS):
        span = TimeSpan(number * 5000, number * 5000 + 3000)
        event = TranscriptLine("c1", speaker, span, text)
        state, alerts = advance(LIBRARY, state, event, now=span.end_ms)
        assert alerts == (), text
