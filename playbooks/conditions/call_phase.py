"""Where a call is: its opening, its body, its closing."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.text.phrases import Phrases

if TYPE_CHECKING:
    from collections.abc import Iterable

OPENING_MS = 30_000
"""How long a call opens: greeting, who is calling, what it is about."""

CLOSING_MS = 60_000
"""Closing words that nobody goes on after for so long were not the end: it is the body again."""

GOODBYE = Phrases(
    {
        Language.KOREAN: (
            "더 궁금하신",
            "더 필요하신",
            "더 도와드릴",
            "다른 문의 사항",
            "다른 문의사항",
            "추가로 문의",
            "상담사 평가",
            "좋은 하루 되",
            "좋은 하루 보내",
            "행복한 하루",
            "즐거운 하루",
            "안녕히 계",
            "이만 끊",
            "더 이상 상담이 어렵",
            "더 이상 상담을 진행하기 어렵",
            "이만 상담을 마치",
            "상담을 마치겠",
            "계속되어 상담을 종료",
            "전화 끊을게",
            "끊겠습니다",
            "들어가세요",
            "수고하세요",
            "수고하십시오",
        ),
        Language.ENGLISH: (
            "anything else i can",
            "anything else today",
            "anything else you need",
            "thank you for calling",
            "thanks for calling",
            "have a good day",
            "have a nice day",
            "have a great day",
            "have a good one",
            "i am ending this call",
            "i'm ending this call",
            "goodbye",
            "bye bye",
            "bye now",
        ),
    }
)
"""What either speaker says when a call comes to its end."""


class Phase(StrEnum):
    """A part of a call."""

    OPENING = "opening"
    BODY = "body"
    CLOSING = "closing"


def is_goodbye(text: str) -> bool:
    """Whether a line has closing words in it."""
    return GOODBYE.find_first(text) is not None


def phases_at(now_ms: int, goodbyes: Iterable[int], *, excludes_now: bool) -> frozenset[Phase]:
    """The phase at a moment; in the millisecond of closing words, also the one before it.

    Args:
        now_ms: the moment, since the call's start.
        goodbyes: when closing words were said.
        excludes_now: what was so before this millisecond.
    """
    recent = [at_ms for at_ms in goodbyes if now_ms - CLOSING_MS <= at_ms <= now_ms]
    earlier = [at_ms for at_ms in recent if at_ms < now_ms]
    if earlier:
        return frozenset({Phase.CLOSING})
    default = Phase.OPENING if now_ms < OPENING_MS else Phase.BODY
    return frozenset({default, Phase.CLOSING} if recent and not excludes_now else {default})
