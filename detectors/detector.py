"""The Detector protocol, and the two ways in which a detector may fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from detectors.errors import CallmoodError
from detectors.utterance import Speaker, TranscriptLine, Utterance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.reading import Modality, Reading

Item_contra = TypeVar("Item_contra", Utterance, TranscriptLine, contravariant=True)


class UnusableUtteranceError(ValueError):
    """This utterance or line cannot be read (too short, silent, an agent's). Others can."""


class DetectorUnavailableError(CallmoodError):
    """The detector itself cannot work: its model is missing, broken, or of another kind."""


class Detector(Protocol[Item_contra]):
    """Reads the customer's utterances (voice) or transcript lines (text).

    A detector is pure: the same item gives the same reading. It raises when it cannot tell;
    it never answers "neutral" because something broke. It may abstain.
    """

    @property
    def name(self) -> str:
        """A short lower-case name, used in readings and as a metrics label."""
        ...

    @property
    def version(self) -> str:
        """Identifies the model; it changes whenever readings may change."""
        ...

    @property
    def modality(self) -> Modality:
        """Whether it reads utterances (voice) or transcript lines (text)."""
        ...

    def read(self, item: Item_contra) -> Reading:
        """Read one item, as if alone.

        Raises:
            UnusableUtteranceError: this item cannot be read.
            DetectorUnavailableError: nothing can be read.
        """
        ...

    def read_batch(self, items: Sequence[Item_contra]) -> list[Reading | UnusableUtteranceError]:
        """Read several items at once, which costs less than one by one.

        Returns:
            For each item, in the same order, the reading that `read` would give, or the error
            that it would raise because of the item.

        Raises:
            DetectorUnavailableError: nothing can be read.
        """
        ...


def refuse_agent(speaker: Speaker) -> None:
    """Refuse an agent's speech: agents are never scored for emotion (their rights, and the law).

    Raises:
        UnusableUtteranceError: the speaker is the agent.
    """
    if speaker is Speaker.AGENT:
        message = "an agent's speech is never emotion-scored"
        raise UnusableUtteranceError(message)
