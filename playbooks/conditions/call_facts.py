"""What is known of a call besides the playbooks' own memories: once, for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from detectors.mood import Mood
from detectors.utterance import Language, TranscriptLine
from playbooks.conditions.call_phase import OPENING_MS, says_goodbye
from playbooks.events import CallerKnown, CallStarted, EarlierCall
from playbooks.sensitivity import Sensitive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playbooks.events import Event

NEVER = (-1, -1)
"""Before every mood."""

GOODBYES = 2
"""Times of closing words that are remembered: the newest, and the one before it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What events have told of the call itself.

    Attributes:
        language: of the call, once its start was told.
        queue: likewise; empty where there is none.
        earlier: the caller's earlier calls, the newest first.
        goodbyes: when closing words were last said, ms since the call's start, oldest first.
        mood: ``(at_ms, number)`` of the newest mood; older ones are ignored.
    """

    language: Language | None = None
    queue: str = ""
    earlier: tuple[EarlierCall, ...] = ()
    goodbyes: tuple[int, ...] = ()
    mood: tuple[int, int] = NEVER

    @property
    def started(self) -> bool:
        """The call's start was told."""
        return self.language is not None

    def to_json(self) -> dict[str, Any]:
        """A small dict of JSON types: what is not known is left out."""
        value = {
            "language": self.language and self.language.value,
            "queue": self.queue,
            "earlier": [[call.ago_ms, *sorted(call.kinds)] for call in self.earlier],
            "goodbyes": list(self.goodbyes),
            "mood": list(self.mood) if self.mood != NEVER else None,
        }
        return {key: part for key, part in value.items() if part}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Facts:
        """Read what `to_json` wrote."""
        language, (at_ms, number) = value.get("language"), value.get("mood", NEVER)
        return cls(
            language=language and Language(language),
            queue=value.get("queue", ""),
            earlier=tuple(
                EarlierCall(ago_ms, frozenset(map(Sensitive, kinds)))
                for ago_ms, *kinds in value.get("earlier", ())
            ),
            goodbyes=tuple(value.get("goodbyes", ())),
            mood=(at_ms, number),
        )


UNKNOWN = Facts()
"""At the start of a call."""


def learnt(facts: Facts, event: Event) -> Facts:
    """The facts with this event taken in; the very same object where it tells nothing new."""
    after = _with(facts, event)
    return facts if after == facts else after


def _with(facts: Facts, event: Event) -> Facts:
    match event:
        case CallStarted():
            return replace(facts, language=event.language, queue=event.queue)
        case CallerKnown():
            return replace(facts, earlier=event.earlier)
        case TranscriptLine():
            return _heard(facts, event)
        case Mood() if (event.at_ms, event.number) > facts.mood:
            return replace(facts, mood=(event.at_ms, event.number))
        case _:
            return facts


def _heard(facts: Facts, line: TranscriptLine) -> Facts:
    """Closing words in a call's opening are a greeting ("Thank you for calling ...")."""
    at_ms = line.span.end_ms
    if not line.final or at_ms < OPENING_MS or not says_goodbye(line.text):
        return facts
    return replace(facts, goodbyes=tuple(sorted({*facts.goodbyes, at_ms}))[-GOODBYES:])
