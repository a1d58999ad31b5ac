"""What a dry-run says: one catalogue, its languages side by side."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from streams.site.translations import TranslationCatalogue

if TYPE_CHECKING:
    from detectors.utterance import Language

CATALOGUE_FILE = Path(__file__).parent / "words.yaml"


@cache
def load_catalogue(language: Language) -> TranslationCatalogue:
    """The words of one language."""
    phrases = yaml.safe_load(CATALOGUE_FILE.read_text(encoding="utf-8"))
    return TranslationCatalogue(language, {key: texts[language] for key, texts in phrases.items()})
