"""Conditions and reasons in words: the sentences of their classes, the names of a catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_DAY_MS = 86_400_000


class NameCatalogue(Protocol):
    """The words of one language: emotions, topics, levels, kinds, by dotted key."""

    @property
    def language(self) -> Language:
        """Whose words they are."""
        ...

    def __call__(self, key: str, **values: object) -> str:
        """One phrase.

        Raises:
            KeyError: there is no such phrase.
        """
        ...

    def known(self, key: str, default: str) -> str:
        """One phrase, or other words where the catalogue has none."""
        ...


class TextOwner(Protocol):
    """A condition or its class, as far as its sentences go."""

    KEY: ClassVar[str]
    TEXTS: ClassVar[Mapping[str, Mapping[Language, str]]]


class DescribableCondition(Protocol):
    """A condition, as far as its description goes."""

    @property
    def is_compound(self) -> bool:
        """Whether it needs brackets inside another one."""
        ...

    def describe(self, wording: ConditionWording) -> str:
        """In words."""
        ...


@dataclass(frozen=True, slots=True)
class ConditionWording:
    """Puts sentences together in one language.

    Korean and English stand in the classes of the conditions, beside what they speak of: whoever
    adds a condition writes both. A third language adds its sentences to its catalogue.
    """

    catalogue: NameCatalogue

    @property
    def language(self) -> Language:
        """The reader's."""
        return self.catalogue.language

    def text(self, owner: TextOwner | type[TextOwner], name: str, **values: object) -> str:
        """One sentence of a condition, its places filled in."""
        texts = owner.TEXTS[name]
        default = texts.get(self.language) or texts[Language.ENGLISH]
        return self.catalogue.known(f"condition.{owner.KEY}.{name}", default).format(**values)

    def counted(
        self, owner: TextOwner | type[TextOwner], name: str, count: int, **values: object
    ) -> str:
        """A sentence about ``count`` things: that named ``<name>.one`` or ``<name>.other``.

        The two forms of English. A language with more needs the plural rules of CLDR here.
        """
        form = "one" if count == 1 else "other"
        return self.text(owner, f"{name}.{form}", count=count, **values)

    def name(self, group: str, value: object) -> str:
        """What the catalogue calls a value, such as an emotion.

        Raises:
            KeyError: it has no word for it.
        """
        return self.catalogue(f"{group}.{value}")

    def part(self, condition: DescribableCondition) -> str:
        """A condition inside another one."""
        text = condition.describe(self)
        return f"({text})" if condition.is_compound else text

    def parts(self, conditions: Iterable[DescribableCondition], separator: str) -> str:
        """Several conditions inside another one."""
        return separator.join(map(self.part, conditions))


def format_seconds(duration_ms: float) -> str:
    """Seconds with at most one digit behind the point."""
    return f"{duration_ms / 1000:.1f}".removesuffix(".0")


def format_days(duration_ms: float) -> str:
    """Days, with a part of a day where it is one."""
    return f"{duration_ms / _DAY_MS:g}"
