# ruff: noqa: RUF001  (letters that look like others are what is tested)
"""Oaths and cries for help in disguise are found; what only looks like a disguise stays silent."""

from __future__ import annotations

import pytest

from detectors.labels import Topic
from detectors.text.disguises import find_forms
from detectors.text.lexicon import load_lexicon
from detectors.text.scoring import match_lexicons
from detectors.utterance import Language

LEXICONS = {language: load_lexicon(language) for language in Language}

ABUSE = [
    "야 이 *** 진짜 일을 뭐 이따위로 하냐",
    "you f***ing idiot just cancel it",
    "아 *** 뭐하자는 거야",
    "*** 장난해?",
    "진짜 *** 같은 회사네",
    "이 ***야",
    "what the *** are you doing",
    "what the **** is this",
    "this is *** ridiculous",
    "are you ***ing kidding me",
    "you piece of s***",
    "s*** this is bad",
    "f*** off",
    "f**k you",
    "f*ck this",
    "sh*t service",
    "you b****",
    "you a**hole",
    "bull**** excuses",
    "[expletive] you",
    "(expletive deleted)",
    "[profanity] this",
    "<bleep> you",
    "이런 [비속어] 진짜",
    "(욕설) 뭐 하는 거야",
    "[욕설 처리] 책임자 바꿔",
    "삐- 놈아",
    "야 이 삐~ 진짜",
    "야 이 ○○야",
    "이런 ○○",
    "개○○",
    "씨x 진짜",
    "시x 장난하나",
    "xx놈아",
    "X같은 회사",
    "이런 18",
    "야 18 진짜",
    "아이 18",
    "십팔놈아",
    "18새끼",
    "시1발",
    "ㅅㅂ",
    "ㅂㅅ 같은",
    "ㅄ",
    "ㅅ1ㅂ",
    "쉬발",
    "씨8",
    "시바알",
    "시이이발",
    "시발",
    "씨이이발",
    "시.발",
    "씨-발",
    "씨 발",
    "ㅅㅣㅂㅏㄹ",
    "ㅅㅣㅂㅏㄹ 진짜",
    "tlqkf",
    "Tlqkf 진짜",
    "qudtls",
    "시ㅂ발",
    "sh1t",
    "f4ck you",
    "fuuuck",
    "f.u.c.k you",
    "f u c k you",
    "ｆｕｃｋ you",
    "fυck you",
    "𝖋𝖚𝖈𝖐 you",
    "개*끼야",
    "시*발",
    "씨*발 진짜",
    "병*신",
    "개 새 끼 야",
    "야 이 병 신 아",
    "개색끼",
    "@#$%! you",
    "asshoooole",
    "a$$hole",
    "fuck",
    "야 이 새끼야",
    "ssibal",
    "죽여버린다 ㅅㅂ",
    "이런 씨*",
    "ㄱㅐㅅㅐㄲㅣ",
]

HARMLESS = [
    "카드 번호 **** **** 1234",
    "비밀번호 ****",
    "고객님 홍*동",
    "김OO 고객",
    "18만 원",
    "18일",
    "18 sixty",
    "시 발급",
    "* 버튼",
    "별표 누르고",
    "three stars ***",
    "카드 끝자리가 ****1234예요",
    "010-****-1234",
    "주민번호 900101-1******",
    "주문번호가 **** 이에요",
    "계좌는 110-***-***123",
    "이메일은 ab***@naver.com 이에요",
    "my card ending in **** 1234",
    "my password is ****",
    "the pin is ****",
    "account number ****5678",
    "it's s***@gmail.com",
    "my name is J*** D***",
    "이 병 신고하려고요",
    "주민등록 시 발급되나요",
    "18번 버튼이요",
    "야 18만 원이나 나왔어",
    "아 18일이요",
    "네 18이요",
    "열여덟 살이요 18살",
    "이런 18번 문의가",
    "다시 발송해 주세요",
    "확인 시 발송되나요",
    "출시 발표",
    "병원 시 발열",
    "그 병 신기하네요",
    "개나리 세 마리",
    "시바스 리갈 주문",
    "씨바라기",
    "해바라기씨 발아",
    "*표 버튼을 눌렀는데",
    "별표(*) 누르면 되나요",
    "*** 중요 공지 ***",
    "삐 소리가 나요",
    "삐- 소리 후에 말씀",
    "○○은행인데요",
    "이 OO 고객님이",
    "김○○ 고객님",
    "XX은행",
    "사이즈 XX 라지",
    "XL 사이즈",
    "a* algorithm",
    "5*** rating",
    "[redacted] is my name",
    "[NAME] speaking",
    "그 개X 그린",
    "18",
    "1818번",
    "십팔만 원",
    "시 18분",
    "오후 3시 18분",
    "fukuoka trip",
    "i live in phuket",
    "feckless",
    "쉬는 날 발송",
    "씨 발아가 안 돼요",
    "쌍둥이예요",
    "쌍문동이에요",
    "조까지",
    "좋아요 짱",
    "자살골",
    "$$$",
    "#1234 눌러요",
    "50% & 20%",
    "C# 개발",
    "4****1111",
    "개강",
    "게시키려고",
    "시비",
    "시밤바",
    "식빵 주문",
    "시방서",
    "$100!!!",
    "three *** hotel",
    "it's a 5 star *** hotel",
    "b* and c*",
    "fcc complaint?",
    "sheet",
    "shirt",
    "who re-sent it",
    "주소가 서울시 **구 **동",
    "**동 **아파트",
    "finger wag",
    "best to add a /s** here",
    "the password is f*** 1234",
    "내 별명은 **이에요",
    "상품평 별 ***** 주셨네요",
    "이번 달 18 기가 썼어요",
    "우리 18 평이에요",
    "키가 178이에요",
    "시이모님 댁",
    "제이라고 해요",
    "나아지겠죠",
    "자 살 게 있어서요",
    "자, 살 물건이요",
    "cover letter, 4th floor",
    "mp3 player",
    "my name is S M I T H",
    "the U.S.A. office",
    "A.S 센터",
    "A/S 접수",
    "k-pop b2b",
    "ㅋㅋㅋㅋ",
    "ㅠㅠㅠ 감사해요",
    "ㅎㅎ 네",
    "sooo happy",
    "개나 소나 다 하네요",
    "병 신선한가요",
    "it's a sh-short call",
    "hell, she'll call",
    "3시1발행",
    "이 OO 고객",
]

SELF_HARM = [
    "죽­고 싶어요",
    "저 요즘 죽고... 싶어요",
    "죽고, 싶어요",
    "죽.고.싶.어",
    "죽 고 싶 어 요",
    "죽-고 싶어요",
    "죽고\u3164싶어요",
    "ㅈㅜㄱㄱㅗ ㅅㅣㅍㅇㅓ",
    "주ㄱ고 싶어요",
    "죽고 싶어어어",
    "주욱고 싶다",
    "자1살할 거예요",
    "자.살",
    "i dont want to live",
    "I don´t want to live",
    "i don t want to live",
    "cant go on anymore",
    "ｉ　ｗａｎｔ　ｔｏ　ｄｉｅ",
    "i want, to... die",
    "k1ll myself",
    "ki11 myself",
    "killll myself",
    "k.i.l.l myself",
    "kіll myѕelf",
    "su1cidal",
]


def find_topics(line: str) -> dict[Topic, list[str]]:
    topics: dict[Topic, list[str]] = {}
    for match in match_lexicons(line, LEXICONS)[0]:
        topics.setdefault(match.topic, []).append(match.words)
    return topics


@pytest.mark.parametrize("line", ABUSE)
def test_an_oath_is_abuse_however_it_is_masked_or_disguised(line: str) -> None:
    words = find_topics(line)[Topic.ABUSE]
    assert all(word and word in line for word in words)


@pytest.mark.parametrize("line", SELF_HARM)
def test_a_cry_for_help_is_found_however_it_was_written(line: str) -> None:
    words = find_topics(line)[Topic.SELF_HARM]
    assert all(word and word in line for word in words)


@pytest.mark.parametrize("line", HARMLESS)
def test_what_only_looks_like_a_disguise_is_no_topic(line: str) -> None:
    assert set(find_topics(line)) <= {Topic.REGULATOR, Topic.CONFUSION}


def test_an_ordinary_line_has_one_form() -> None:
    for line in ("안녕하세요, 카드를 잃어버렸어요.", "I've been waiting (again) since 3 o'clock!"):
        assert len(find_forms(line)) == 1


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("시이이발", "시발"),
        ("주욱고 싶어어어", "죽고 싶어"),
        ("ㅅ ㅣ ㅂ ㅏ ㄹ", "시발"),
        ("과ㅇ고", "광고"),
        ("ㄱㅗㅏㅇㄱㅗ", "광고"),
        ("fuuuck", "fuck"),
        ("killll", "kill"),
        ("a$$hole", "asshole"),
        ("ki11", "kill"),
        ("d-i-e", "die"),
    ],
)
def test_a_disguise_is_undone(line: str, form: str) -> None:
    assert form in [found.text for found in find_forms(line)]


def test_what_counts_is_no_letter() -> None:
    for line in ("4th", "mp3", "$5m", "18번", "3시1분", "b2"):
        assert [form.text for form in find_forms(line)] == [line]
