"""Parsing ``said``: which words, of whom, written in which way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.utterance import Language, Speaker
from playbooks.conditions.event_based import Said
from playbooks.text.patterns import MAX_PATTERN, MAX_PATTERNS, PatternError, expression_of
from playbooks.text.phrases import Phrases, letters_of
from playbooks.text.word_lists import LANGUAGES, joined, parse_friends, parse_phrases

if TYPE_CHECKING:
    from playbooks.conditions.base import Condition
    from playbooks.text.word_lists import Lexicon, WordList
    from playbooks.yaml_nodes import Block, Field

LONGEST_MS = 10 * 60_000
"""Longest window of a condition: it bounds what a call's state must remember."""

EITHER = "either"
"""Stands for both speakers below ``by``."""

SAID_KEYS = frozenset({"by", "ko", "en", "exact", "pattern", "lexicon", "but_not", "within"})


def parse_said(field: Field, lexicon: Lexicon) -> Condition:
    """Phrases, whole lines, patterns and word lists, of one speaker."""
    block = field.block(SAID_KEYS)
    by, exact, pattern = block.get("by"), block.get("exact"), block.get("pattern")
    lists = _lists(block, lexicon)
    said = Said(
        speaker=_speaker(by) if by else Speaker.CUSTOMER,
        phrases=Phrases(
            joined(parse_phrases(block), *(one.wanted for one in lists)),
            joined(parse_friends(block), *(one.but_not for one in lists)),
            exact=_whole_lines(exact) if exact else {},
            patterns=_patterns(pattern) if pattern else (),
        ),
        within_ms=within_of(block),
    )
    if field.is_block and said.phrases.empty and not lists and not field.problems.found:
        field.refuse("said has no phrases", "list some below ko, en, exact, pattern or lexicon")
    return said


def _speaker(field: Field) -> Speaker | None:
    text = field.text()
    if text == EITHER:
        return None
    if text not in list(Speaker):
        field.refuse(f"by is {text!r}", "write customer, agent or either")
        return None
    return Speaker(text)


def _lists(block: Block, lexicon: Lexicon) -> list[WordList]:
    part = block.get("lexicon")
    fields = [] if part is None else part.items() if part.is_list else [part]
    names = [(field, field.text(longest=60)) for field in fields]
    for field, name in names:
        if name and name not in lexicon:
            advice = f"there are {', '.join(sorted(lexicon))}" if lexicon else "there are none"
            field.refuse(f"no word list lexicon/{name}.yaml", f"write it, or another: {advice}")
    return [lexicon[name] for _, name in names if name in lexicon]


def _whole_lines(field: Field) -> dict[Language, tuple[str, ...]]:
    block = field.block(LANGUAGES)
    lines = {}
    for language in Language:
        part = block.get(language)
        texts = [(item, item.text(longest=200)) for item in part.items()] if part else []
        for item, text in texts:
            if text and not letters_of(text):
                item.refuse(f"{text[:40]!r} has no letters", "write what is said")
        lines[language] = tuple(text for _, text in texts if letters_of(text))
    return lines


def _patterns(field: Field) -> tuple[str, ...]:
    items = field.items()
    if len(items) > MAX_PATTERNS:
        field.refuse(f"more than {MAX_PATTERNS} patterns", "write several said below any")
    return tuple(filter(None, map(_pattern, items[:MAX_PATTERNS])))


def _pattern(field: Field) -> str | None:
    text = field.text(longest=MAX_PATTERN)
    try:
        expression_of(text or "x")
    except PatternError as error:
        what, _, advice = str(error).partition("; ")
        field.refuse(f"'{text[:40]}' {what}", advice)
        return None
    return text or None


def within_of(block: Block) -> int:
    """For how long what happened counts, in ms; 0: only at its moment."""
    part = block.get("within")
    return part.duration(1_000, LONGEST_MS) if part else 0
