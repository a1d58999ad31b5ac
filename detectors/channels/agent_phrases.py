"""What only those say who take calls: their greeting, and how they speak to a customer.

Patterns of both languages, for a call whose sides may be exchanged. A customer may say one of
them by chance or in quoting; never the greeting of a desk as a whole.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class GreetingPart(StrEnum):
    """What a greeting at a call centre consists of."""

    THANKS = "thanks"
    INTRODUCTION = "introduction"
    OFFER = "offer"


_GREETING: Final = {
    GreetingPart.THANKS: re.compile(
        r"(전화|연락|문의)\s?(를|을)?\s?(걸어\s?)?(해\s?)?(주셔서|주신\s?점|주시어)"
        r"\s?(진심으로\s?|정말\s?)?감사"
        r"|\bthank(s| you)( very much| so much)? for (calling|contacting|phoning|reaching)\b",
        re.IGNORECASE,
    ),
    GreetingPart.INTRODUCTION: re.compile(
        r"(상담사|상담원|상담\s?직원|상담\s?매니저|고객\s?센터|콜\s?센터|고객\s?상담실|컨택\s?센터)"
        r"[^.?!]{0,14}?(입니다|이에요|예요|인데요|라고\s?합니다)"
        r"|\bmy name is \w|\bthis is \w+ (speaking|from|with|at|in)\b"
        r"|\byou('re| are) (speaking|through|talking) (with|to)\b"
        r"|\bthis is \w+[,.]? how (can|may)\b",
        re.IGNORECASE,
    ),
    GreetingPart.OFFER: re.compile(
        r"(무엇을|무얼|뭘|뭐를|어떻게|어떤\s?(걸|것을|업무를|부분을|점을))\s?도와\s?드릴까요"
        r"|\bhow (can|may|might|could) (i|we) (help|assist|be of)"
        r"|\bwhat can (i|we) (do for|help) you|\bhow (can|may) (i|we) direct your call",
        re.IGNORECASE,
    ),
}

_AGENT: Final = re.compile(
    r"고객님|확인해\s?(드리|드릴|드렸)|도와\s?드리|안내해?\s?드리|처리해\s?드리|접수해\s?드리"
    r"|본인\s?확인을?|성함과|기다려\s?주시겠|기다려\s?주셔서|더\s?궁금하신|문의\s?사항은?\s?없으"
    r"|\b(is there|was there) anything else\b|\b(may|could|can) i (have|get) your\b"
    r"|\blet me (check|pull up|look (into|at|that up)|see what i can)\b|\bfor your patience\b"
    r"|\bi('d| would) be (happy|glad) to (help|assist)\b|\bi can help you with\b"
    r"|\bthank(s| you) for (holding|waiting|being)\b|\bbear with me\b|\bplace you on hold\b"
    r"|\bfor (verification|security) purposes\b|\bi (do )?apologi[sz]e for\b",
    re.IGNORECASE,
)


def find_greeting_parts(text: str) -> frozenset[GreetingPart]:
    """Which parts of a call centre's greeting a text has."""
    return frozenset(part for part, pattern in _GREETING.items() if pattern.search(text))


def is_agent_phrase(text: str) -> bool:
    """Whether it has words that those say who take calls."""
    return bool(_AGENT.search(text)) or GreetingPart.OFFER in find_greeting_parts(text)
