"""Which of very many `Phrases` may be in a line: one look for the phrases of a whole library."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from playbooks.text.patterns import PATTERN_OPTIONS
from playbooks.text.phrase_filter import PhraseFilter
from playbooks.text.phrases import index_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playbooks.text.phrases import Phrases

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PhraseIndex(Generic[T]):
    """Owners of phrases, found by a line.

    Attributes:
        entries: phrases, and whose they are.
    """

    entries: tuple[tuple[Phrases, T], ...]
    _keys: PhraseFilter = field(init=False, repr=False, compare=False)
    _patterns: PhraseFilter = field(init=False, repr=False, compare=False)
    _by_key: tuple[tuple[T, ...], ...] = field(init=False, repr=False, compare=False)
    _by_pattern: tuple[tuple[T, ...], ...] = field(init=False, repr=False, compare=False)
    _by_letters: Mapping[str, tuple[T, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_key = _group((key, owner) for phrases, owner in self.entries for key in phrases.keys)
        by_pattern = _group((p, owner) for phrases, owner in self.entries for p in phrases.patterns)
        derived_fields = {
            "_keys": PhraseFilter(tuple(by_key)),
            "_by_key": tuple(by_key.values()),
            "_patterns": PhraseFilter(tuple(by_pattern), PATTERN_OPTIONS),
            "_by_pattern": tuple(by_pattern.values()),
            "_by_letters": _group(
                (line, owner) for phrases, owner in self.entries for line in phrases.exact_letters
            ),
        }
        for name, value in derived_fields.items():
            object.__setattr__(self, name, value)

    def find_owners(self, text: str) -> list[T]:
        """Whose `Phrases.may_match` says yes to ``text``; some of them several times."""
        line = index_line(text)
        return [
            *self._by_letters.get(line.letters, ()),
            *(owner for index in self._keys.match(line.compact) for owner in self._by_key[index]),
            *(
                o
                for index in self._patterns.match(line.pattern_text)
                for o in self._by_pattern[index]
            ),
        ]


def _group(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    groups: defaultdict[str, dict[T, None]] = defaultdict(dict)
    for name, owner in pairs:
        groups[name][owner] = None
    return {name: tuple(owners) for name, owners in groups.items()}
