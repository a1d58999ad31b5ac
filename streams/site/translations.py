"""The site's words: one catalogue file per language, the same keys in each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.utterance import Language

FOLDER = Path(__file__).parent / "words"


@dataclass(frozen=True, slots=True)
class TranslationCatalogue:
    """Every phrase of the site in one language, by dotted key."""

    language: Language
    phrases: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """One phrase, its ``{names}`` filled in.

        Raises:
            KeyError: there is no such phrase: a mistake of ours, found by a test.
        """
        return self.phrases[key].format(**values) if values else self.phrases[key]

    def known(self, key: str, default: str) -> str:
        """One phrase, or other words where the catalogue has none."""
        return self.phrases.get(key, default)

    def beginning(self, prefix: str) -> dict[str, str]:
        """Every phrase under a prefix, without it: what a page's script needs."""
        return {
            key.removeprefix(prefix): phrase
            for key, phrase in self.phrases.items()
            if key.startswith(prefix)
        }


@cache
def load_catalogue(language: Language) -> TranslationCatalogue:
    """The words of one language."""
    text = (FOLDER / f"{language}.yaml").read_text(encoding="utf-8")
    return TranslationCatalogue(language, dict(_flatten(yaml.safe_load(text), "")))


def _flatten(tree: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    phrases: list[tuple[str, str]] = []
    for name, branch in tree.items():
        if isinstance(branch, dict):
            phrases += _flatten(branch, f"{prefix}{name}.")
        else:
            phrases.append((f"{prefix}{name}", str(branch)))
    return phrases
