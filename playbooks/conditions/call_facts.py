"""What is known of a call besides the playbooks' own memories: once, for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from detectors.mood import Mood
from detectors.utterance import Language, TranscriptLine
from playbooks.conditions.call_phase import OPENING_MS, is_goodbye
from playbooks.events import CallerIdentified, CallStarted, EarlierCall
from playbooks.sensitivity import SensitivityKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbooks.events import Event

NO_MOOD = (-1, -1)
"""Before every mood."""

MAX_GOODBYES = 2
"""Times of closing words that are remembered: the newest, and the one before it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What events have told of the call itself.

    Attributes:
        language: of the call, once its start was told.
        queue: likewise; empty where there is none.
        earlier_calls: the caller's earlier calls, the newest first.
        goodbyes: when closing words were last said, ms since the call's start, oldest first.
        mood: ``(at_ms, number)`` of the newest mood; older ones are ignored.
    """

    language: Language | None = None
    queue: str = ""
    earlier_calls: tuple[EarlierCall, ...] = ()
    goodbyes: tuple[int, ...] = ()
    mood: tuple[int, int] = NO_MOOD

    @property
    def has_started(self) -> bool:
        """The call's start was told."""
        return self.language is not None

    def to_json(self) -> dict[str, Any]:
        """A small dict of JSON types: what is not known is left out."""
        value = {
            "language": self.language and self.language.value,
            "queue": self.queue,
            "earlier": [[call.ago_ms, *sorted(call.kinds)] for call in self.earlier_calls],
            "goodbyes": list(self.goodbyes),
            "mood": list(self.mood) if self.mood != NO_MOOD else None,
        }
        return {key: part for key, part in value.items() if part}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Facts:
        """Read what `to_json` wrote."""
        language, (at_ms, number) = value.get("language"), value.get("mood", NO_MOOD)
        return cls(
            language=language and Language(language),
            queue=value.get("queue", ""),
            earlier_calls=tuple(
                EarlierCall(ago_ms, frozenset(map(SensitivityKind, kinds)))
                for ago_ms, *kinds in value.get("earlier", ())
            ),
            goodbyes=tuple(value.get("goodbyes", ())),
            mood=(at_ms, number),
        )


UNKNOWN_FACTS = Facts()
"""At the start of a call."""


def update_facts(facts: Facts, event: Event) -> Facts:
    """The facts with this event taken in; the very same object where it tells nothing new."""
    after = _apply_event(facts, event)
    return facts if after == facts else after


def _apply_event(facts: Facts, event: Event) -> Facts:
    match event:
        case CallStarted():
            return replace(facts, language=event.language, queue=event.queue)
        case CallerIdentified():
            return replace(facts, earlier_calls=event.earlier_calls)
        case TranscriptLine():
            return _apply_line(facts, event)
        case Mood() if (event.at_ms, event.number) > facts.mood:
            return replace(facts, mood=(event.at_ms, event.number))
        case _:
            return facts


def _apply_line(facts: Facts, line: TranscriptLine) -> Facts:
    """Closing words in a call's opening are a greeting ("Thank you for calling ...")."""
    at_ms = line.span.end_ms
    if not line.final or at_ms < OPENING_MS or not is_goodbye(line.text):
        return facts
    return replace(facts, goodbyes=tuple(sorted({*facts.goodbyes, at_ms}))[-MAX_GOODBYES:])
