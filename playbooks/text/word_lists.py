"""Word lists that several playbooks share: ``lexicon/<name>.yaml`` below the rules folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.text.phrases import PhraseError, checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbooks.yaml_nodes import Block, Field

FOLDER = "lexicon"
LANGUAGES = frozenset(language.value for language in Language)
LIST_KEYS = frozenset({*LANGUAGES, "but_not"})

PhrasesByLanguage = dict[Language, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class WordList:
    """One list.

    Attributes:
        wanted: phrases per language, as `playbooks.text.phrases` takes them.
        but_not: false friends per language.
        content: canonical text of the file: what a content hash is made of.
    """

    wanted: Mapping[Language, tuple[str, ...]]
    but_not: Mapping[Language, tuple[str, ...]]
    content: str = ""


Lexicon = dict[str, WordList]
"""Lists by name."""


def parse_list(top: Field) -> WordList:
    """One list. Worth nothing if ``top.problems`` has any afterwards."""
    block = top.block(LIST_KEYS)
    wanted = parse_phrases(block)
    if top.is_block and not any(wanted.values()) and not top.problems.found:
        top.refuse("the list has no phrases", "list some below ko, en or both")
    return WordList(wanted, parse_friends(block), top.canonical())


def parse_friends(block: Block) -> PhrasesByLanguage:
    """The false friends below ``but_not``."""
    but_not = block.get("but_not")
    return parse_phrases(but_not.block(LANGUAGES)) if but_not else {}


def parse_phrases(block: Block) -> PhrasesByLanguage:
    """The phrases below ``ko`` and ``en``."""
    phrases = {}
    for language in Language:
        part = block.get(language)
        found = [_phrase(item) for item in part.items()] if part else []
        phrases[language] = tuple(phrase for phrase in found if phrase)
    return phrases


def joined(*each: Mapping[Language, tuple[str, ...]]) -> PhrasesByLanguage:
    """Several, one after the other, each phrase once."""
    return {
        language: tuple(dict.fromkeys(p for one in each for p in one.get(language, ())))
        for language in Language
    }


def _phrase(field: Field) -> str | None:
    text = field.text()
    if not text:
        return None
    try:
        return checked(text)
    except PhraseError as error:
        what, _, advice = str(error).partition("; ")
        field.refuse(f"{text[:40]!r} {what}", advice)
        return None
