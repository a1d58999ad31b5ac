"""What a dry-run says: one catalogue, its languages side by side."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from streams.site.translations import Catalogue

if TYPE_CHECKING:
    from detectors.utterance import Language

WORDS = Path(__file__).parent / "words.yaml"


@cache
def words(language: Language) -> Catalogue:
    """The words of one language."""
    phrases = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return Catalogue(language, {key: texts[language] for key, texts in phrases.items()})
