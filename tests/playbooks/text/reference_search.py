"""Phrase search as short as it can be written: one `re` expression a phrase. Slow, and plain.

What `playbooks.text` finds with RE2 and filters is held against it. How a phrase is spelled and
which forms a line has is taken from `detectors.text`, which has tests of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.text.disguises import find_forms
from detectors.text.phrase_variants import spell_english, spell_korean
from detectors.utterance import Language
from playbooks.text.phrase_expression import fold_phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    Texts = Mapping[Language, tuple[str, ...]]


def reference_find(inclusions: Texts, exclusions: Texts, text: str) -> str | None:
    """The first words of ``text`` that are one of the phrases, of those the longest."""
    forms = find_forms(text)
    excluded = [
        form.locate(*match.span())
        for form in forms
        for expression in expressions(exclusions)
        for match in re.finditer(expression, form.text)
    ]
    for form in forms:
        words, places = mask(form.text, [form.cover(*span) for span in sorted(excluded)])
        matches = [m for m in (re.search(e, words) for e in expressions(inclusions)) if m]
        if first := min(matches, key=lambda match: (match.start(), -match.end()), default=None):
            return form.quote(places[first.start()], places[first.end() - 1] + 1)
    return None


def mask(words: str, spans: list[tuple[int, int]]) -> tuple[str, list[int]]:
    """Every place of an exclusion becomes one "_", what overlaps one for all."""
    masked, places, end = "", [], 0
    for start, stop in spans:
        if start >= end:
            masked += f"{words[end:start]}_"
            places += [*range(end, start), start]
        end = max(end, stop)
    return masked + words[end:], [*places, *range(end, len(words))]


def expressions(texts: Texts) -> list[str]:
    return [write_out(phrase, language) for language in texts for phrase in texts[language]]


def write_out(phrase: str, language: Language) -> str:
    """The whole phrase as one expression, which is short to write and can be slow to search."""
    text = fold_phrase(phrase)
    korean = language is Language.KOREAN
    inner = re.sub(r"^(?:\*|\.\.\.)+|(?:\*|\.\.\.)+$", "", text)
    has_gap = "*" in inner or "..." in inner
    start = "" if text.startswith(("*", "...")) else r"(?<!\w)"
    end = r"\w*" if korean or text.endswith("*") else r"(?!\w)"
    if end == r"(?!\w)" and text.endswith("...") and not has_gap:
        end = r"\b"
    gaps = {"*": r"\w{0,20}?", "...": r".{0,25}?" if korean else r"\b.{0,25}?\b"}
    parts = (gaps.get(part) or spell(part, language) for part in re.split(r"(\*|\.\.\.)", inner))
    return start + "".join(parts) + end


def spell(part: str, language: Language) -> str:
    if language is Language.ENGLISH:
        return spell_english(part, "[ -]")
    return spell_korean(part, r"\s?") if part.strip() else ""
