"""Parsing ``said``: which words, of whom, written in which way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.utterance import Language, Speaker
from playbooks.conditions.event_based import PhraseCondition
from playbooks.text.patterns import MAX_PATTERN, MAX_PATTERNS, PatternError, compile_pattern
from playbooks.text.phrases import Phrases, extract_letters
from playbooks.text.word_lists import LANGUAGES, merge_phrases, parse_exclusions, parse_phrases

if TYPE_CHECKING:
    from playbooks.conditions.base import Condition
    from playbooks.text.word_lists import WordList, WordLists
    from playbooks.yaml_nodes import YamlBlock, YamlField

MAX_WINDOW_MS = 10 * 60_000
"""Longest window of a condition: it bounds what a call's state must remember."""

EITHER = "either"
"""Stands for both speakers below ``by``."""

SAID_KEYS = frozenset({"by", "ko", "en", "exact", "pattern", "lexicon", "but_not", "within"})


def parse_said(field: YamlField, lexicon: WordLists) -> Condition:
    """Phrases, whole lines, patterns and word lists, of one speaker."""
    block = field.block(SAID_KEYS)
    by, exact, pattern = block.get("by"), block.get("exact"), block.get("pattern")
    word_lists = _find_word_lists(block, lexicon)
    condition = PhraseCondition(
        speaker=_parse_speaker(by) if by else Speaker.CUSTOMER,
        phrases=Phrases(
            merge_phrases(
                parse_phrases(block), *(word_list.inclusions for word_list in word_lists)
            ),
            merge_phrases(
                parse_exclusions(block), *(word_list.exclusions for word_list in word_lists)
            ),
            exact=_parse_exact_lines(exact) if exact else {},
            patterns=_parse_patterns(pattern) if pattern else (),
        ),
        within_ms=parse_within(block),
    )
    if (
        field.is_block
        and condition.phrases.is_empty
        and not word_lists
        and not field.problems.entries
    ):
        field.add_problem(
            "said has no phrases", "list some below ko, en, exact, pattern or lexicon"
        )
    return condition


def _parse_speaker(field: YamlField) -> Speaker | None:
    text = field.text()
    if text == EITHER:
        return None
    if text not in list(Speaker):
        field.add_problem(f"by is {text!r}", "write customer, agent or either")
        return None
    return Speaker(text)


def _find_word_lists(block: YamlBlock, lexicon: WordLists) -> list[WordList]:
    part = block.get("lexicon")
    fields = [] if part is None else part.items() if part.is_list else [part]
    names = [(field, field.text(max_length=60)) for field in fields]
    for field, name in names:
        if name and name not in lexicon:
            advice = f"there are {', '.join(sorted(lexicon))}" if lexicon else "there are none"
            field.add_problem(
                f"no word list lexicon/{name}.yaml", f"write it, or another: {advice}"
            )
    return [lexicon[name] for _, name in names if name in lexicon]


def _parse_exact_lines(field: YamlField) -> dict[Language, tuple[str, ...]]:
    block = field.block(LANGUAGES)
    lines = {}
    for language in Language:
        part = block.get(language)
        texts = [(item, item.text(max_length=200)) for item in part.items()] if part else []
        for item, text in texts:
            if text and not extract_letters(text):
                item.add_problem(f"{text[:40]!r} has no letters", "write what is said")
        lines[language] = tuple(text for _, text in texts if extract_letters(text))
    return lines


def _parse_patterns(field: YamlField) -> tuple[str, ...]:
    items = field.items()
    if len(items) > MAX_PATTERNS:
        field.add_problem(f"more than {MAX_PATTERNS} patterns", "write several said below any")
    return tuple(filter(None, map(_parse_pattern, items[:MAX_PATTERNS])))


def _parse_pattern(field: YamlField) -> str | None:
    text = field.text(max_length=MAX_PATTERN)
    try:
        compile_pattern(text or "x")
    except PatternError as error:
        what, _, advice = str(error).partition("; ")
        field.add_problem(f"'{text[:40]}' {what}", advice)
        return None
    return text or None


def parse_within(block: YamlBlock) -> int:
    """For how long what happened counts, in ms; 0: only at its moment."""
    part = block.get("within")
    return part.duration(1_000, MAX_WINDOW_MS) if part else 0
