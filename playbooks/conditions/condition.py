"""What every condition of a playbook says about itself.

A condition is one class in one file, and one row of `condition_registry`. Everything that
callmood must know of it stands in the class: how it is written, parsed and checked, what it
answers to an event, whether it can happen at all, how its tests are tested, and how a person
reads it. All of it is abstract: a class that leaves something out cannot be made.

Most belong to a family that answers part of it: an `EventCondition` is true at the event that
shows it, a `NarrowingCondition` is never news, an operator joins others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from detectors.utterance import Language
    from playbooks.conditions.condition_wording import ConditionWording
    from playbooks.conditions.memory import EvaluationContext, Match, Memory
    from playbooks.conditions.schema_parts import Schema
    from playbooks.events import Event, EventKind
    from playbooks.reason import Reason
    from playbooks.text.word_lists import WordLists
    from playbooks.yaml_nodes import YamlBlock, YamlField

Texts: TypeAlias = "Mapping[str, Mapping[Language, str]]"
"""Sentences by name and language, with ``{places}`` for what is filled in."""

Mutation: TypeAlias = "tuple[str, Condition]"
"""What was done to a condition, in a few words, and what is left of it."""

MAX_WINDOW_MS = 10 * 60_000
"""Longest window of a condition: it bounds what a call's state must remember."""

UNBOUNDED_MS = 10**12
"""Longer than any call, and than anybody's memory."""

WHOLE_CALL = (0, None)
"""The window of a condition that can hold at any time of a call."""


@dataclass(frozen=True, slots=True)
class ParseContext:
    """What a condition needs for parsing besides its own node.

    Attributes:
        word_lists: those of the rules folder.
        parse_part: parses a condition inside it.
    """

    word_lists: WordLists
    parse_part: Callable[[YamlField], Condition]


class Leaf(ABC):
    """What looks at events of some kinds (of none: only at the time or the facts)."""

    kinds: ClassVar[frozenset[EventKind]]
    __slots__ = ()

    @abstractmethod
    def may_match(self, event: Event) -> bool:
        """With nothing remembered, this event may matter. Cheap: most events do not."""


class Condition(ABC):
    """One node of a playbook's ``when``.

    Attributes:
        KEY: its name in a rule file.
        INNER_KEYS: keys that people write beside it by mistake, though they belong inside.
        EXAMPLES: what may stand below its name; every claim about conditions is tested on them.
        TEXTS: its sentences. A catalogue may have others under ``condition.<KEY>.<name>``.
    """

    KEY: ClassVar[str]
    INNER_KEYS: ClassVar[frozenset[str]]
    EXAMPLES: ClassVar[tuple[str, ...]]
    TEXTS: ClassVar[Texts]
    __slots__ = ()

    @classmethod
    @abstractmethod
    def parse(cls, field: YamlField, context: ParseContext) -> Condition:
        """Read what stands below its name. Worth nothing if ``field.problems`` has any."""

    @classmethod
    @abstractmethod
    def json_schema(cls) -> Schema:
        """What may stand below its name."""

    @property
    @abstractmethod
    def leaves(self) -> tuple[Leaf, ...]:
        """The conditions below it that look at events themselves; itself where it does."""

    @abstractmethod
    def evaluate(
        self, past: Iterator[Memory], context: EvaluationContext, next_memories: list[Memory]
    ) -> Match:
        """Take the moment in and answer.

        Takes its own memory (if it has one) and its parts' from ``past``, and appends what is
        to be remembered to ``next_memories``, always in the same order. Pure apart from that.
        """

    @property
    @abstractmethod
    def is_trigger(self) -> bool:
        """It can become true because something happened, not only because time passed."""

    @property
    @abstractmethod
    def is_time_driven(self) -> bool:
        """It can become true with nothing in it noticing an event: because time passed."""

    @property
    @abstractmethod
    def is_instantaneous(self) -> bool:
        """It is over with the moment in which it happens, so that it never was so "before"."""

    @property
    @abstractmethod
    def is_start_only(self) -> bool:
        """What sets it off comes at the start of a call, and never again."""

    @property
    @abstractmethod
    def min_duration_ms(self) -> int:
        """How long it takes at least to become true, from nothing, in ms."""

    @property
    @abstractmethod
    def retention_ms(self) -> int:
        """How long its evidence is remembered at most, in ms."""

    @property
    @abstractmethod
    def call_window_ms(self) -> tuple[int, int | None]:
        """From when until when in a call it can hold by itself; ``None``: to the call's end."""

    @abstractmethod
    def find_problem(self) -> tuple[str, str] | None:
        """What can never hold about it and what to write instead; ``None``: it can."""

    @abstractmethod
    def mutations(self) -> Iterator[Mutation]:
        """Itself with one thing taken away, in every possible way."""

    @property
    @abstractmethod
    def short_name(self) -> str:
        """Itself in a few words, as it is written in a rule file."""

    @property
    @abstractmethod
    def is_compound(self) -> bool:
        """Inside another one it is read in brackets, because it is joined of several."""

    @abstractmethod
    def describe(self, wording: ConditionWording) -> str:
        """Itself as a person reads it. Short before exact: the file says the rest."""


class ReasonedCondition(Condition):
    """A condition that says why it holds: its reasons have its `KEY` for their code."""

    __slots__ = ()

    @classmethod
    @abstractmethod
    def word_reason(cls, reason: Reason, wording: ConditionWording) -> str:
        """One of its reasons as a person reads it.

        Raises:
            KeyError, ValueError: it is of another version, and has other parameters.
        """


def collect_leaves(parts: Iterable[Condition]) -> tuple[Leaf, ...]:
    """The leaves of several conditions, one after the other."""
    return tuple(leaf for part in parts for leaf in part.leaves)


def parse_within(block: YamlBlock) -> int:
    """For how long what happened counts, in ms; 0: only at its moment."""
    part = block.get("within")
    return part.duration(1_000, MAX_WINDOW_MS) if part else 0
