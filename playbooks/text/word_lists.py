"""Word lists that several playbooks share: ``lexicon/<name>.yaml`` below the rules folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.text.phrases import PhraseError, validate_phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbooks.yaml_nodes import YamlBlock, YamlField

FOLDER = "lexicon"
LANGUAGES = frozenset(language.value for language in Language)
LIST_KEYS = frozenset({*LANGUAGES, "but_not"})

PhrasesByLanguage = dict[Language, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class WordList:
    """One list.

    Attributes:
        inclusions: phrases per language, as `playbooks.text.phrases` takes them.
        exclusions: false friends per language.
        content: canonical text of the file: what a content hash is made of.
    """

    inclusions: Mapping[Language, tuple[str, ...]]
    exclusions: Mapping[Language, tuple[str, ...]]
    content: str = ""


WordLists = dict[str, WordList]
"""Lists by name."""


def parse_word_list(top: YamlField) -> WordList:
    """One list. Worth nothing if ``top.problems`` has any afterwards."""
    block = top.block(LIST_KEYS)
    inclusions = parse_phrases(block)
    if top.is_block and not any(inclusions.values()) and not top.problems.entries:
        top.add_problem("the list has no phrases", "list some below ko, en or both")
    return WordList(inclusions, parse_exclusions(block), top.to_canonical_json())


def parse_exclusions(block: YamlBlock) -> PhrasesByLanguage:
    """The false friends below ``field``."""
    field = block.get("but_not")
    return parse_phrases(field.block(LANGUAGES)) if field else {}


def parse_phrases(block: YamlBlock) -> PhrasesByLanguage:
    """The phrases below ``ko`` and ``en``."""
    phrases = {}
    for language in Language:
        field = block.get(language)
        texts = [_parse_phrase(item) for item in field.items()] if field else []
        phrases[language] = tuple(phrase for phrase in texts if phrase)
    return phrases


def merge_phrases(*mappings: Mapping[Language, tuple[str, ...]]) -> PhrasesByLanguage:
    """Several, one after the other, each phrase once."""
    return {
        language: tuple(
            dict.fromkeys(phrase for mapping in mappings for phrase in mapping.get(language, ()))
        )
        for language in Language
    }


def _parse_phrase(field: YamlField) -> str | None:
    text = field.text()
    if not text:
        return None
    try:
        return validate_phrase(text)
    except PhraseError as error:
        what, _, advice = str(error).partition("; ")
        field.add_problem(f"{text[:40]!r} {what}", advice)
        return None
