"""Phrase search as short as it can be written: one `re` expression a phrase. Slow, and plain.

What `playbooks.text` finds with RE2 and filters is held against it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.text.phrases import normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

    Texts = Mapping[Language, tuple[str, ...]]


def reference_find(inclusions: Texts, exclusions: Texts, text: str) -> str | None:
    """The first words of ``text`` that are one of the phrases, of those the longest."""
    words = mask(normalise(text), exclusions)
    matches = [match for match in (re.search(e, words) for e in expressions(inclusions)) if match]
    first = min(matches, key=lambda match: (match.start(), -match.end()), default=None)
    return first and first.group()


def mask(words: str, exclusions: Texts) -> str:
    """Every place of an exclusion becomes one "_", what overlaps one for all."""
    spans = sorted(m.span() for e in expressions(exclusions) for m in re.finditer(e, words))
    masked, end = "", 0
    for start, stop in spans:
        if start >= end:
            masked += f"{words[end:start]}_"
        end = max(end, stop)
    return masked + words[end:]


def expressions(texts: Texts) -> list[str]:
    return [write_out(phrase, language) for language in texts for phrase in texts[language]]


def write_out(phrase: str, language: Language) -> str:
    """The whole phrase as one expression, which is short to write and can be slow to search."""
    text = re.sub(r"\s*(?:\.\.\.|…)\s*", "...", normalise(phrase))
    korean = language is Language.KOREAN
    inner = re.sub(r"^(?:\*|\.\.\.)+|(?:\*|\.\.\.)+$", "", text)
    has_gap = "*" in inner or "..." in inner
    start = "" if text.startswith(("*", "...")) else r"(?<!\w)"
    end = r"\w*" if korean or text.endswith("*") else r"(?!\w)"
    if end == r"(?!\w)" and text.endswith("...") and not has_gap:
        end = r"\b"
    gaps = {"*": r"\w{0,20}?", "...": r".{0,25}?" if korean else r"\b.{0,25}?\b"}
    letters = r"\s?".join if korean else "".join
    parts = (
        gaps.get(part) or letters(re.escape(c) for c in part if not (korean and c == " "))
        for part in re.split(r"(\*|\.\.\.)", inner)
    )
    return start + "".join(parts) + end
