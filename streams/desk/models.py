"""What the desk's API answers and takes. The pages are rendered from the same values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from detectors.channels.channel_fault import FaultKind
from detectors.line_ledger import Discount, LineMark
from detectors.mood import Mood
from detectors.reading import Reading
from detectors.utterance import Language, Speaker, TranscriptLine, Turn
from playbooks.alert import Action, Alert, AlertLevel
from playbooks.reason import Reason
from playbooks.sensitivity import SensitivityKind
from streams.desk.spoken_step import SpokenStep, build_spoken_step
from streams.messages.alerts import AlertMessage, FeedbackFields, StepFields
from streams.messages.calls import TranscriptMessage
from streams.messages.evidence import EvidenceSeal, SealFields
from streams.messages.readings import ReadingMessage
from streams.messages.roles import PersonRole
from streams.site.responses import ApiResponse, RecordView

if TYPE_CHECKING:
    from collections.abc import Mapping

Verdict = Literal["helped", "wrong", "withdrawn"]
PersonName = Annotated[str, Field(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Who somebody says they are: one line, empty where they do not say."""


WEEK = timedelta(days=7)


PROTOCOL_PRIORITY_MS = 60_000
"""So long after it neither a lesser protocol nor other advice pushes a protocol aside."""

_AGAINST_AGENTS = frozenset(
    {SensitivityKind.ABUSE, SensitivityKind.SEXUAL_HARASSMENT, SensitivityKind.THREAT}
)

_SPOKEN_ACTIONS = frozenset({Action.READ_OUT, Action.ANNOUNCE})

_NEVER = datetime.min.replace(tzinfo=UTC)


class MoodView(RecordView[Mood]):
    """The customer's mood at one moment: an estimate of what is expressed."""

    derived: ClassVar[Mapping[str, str]] = {"mood_id": "call_id", "label": "scores"}


class TranscriptLineView(RecordView[TranscriptLine]):
    """A line of the transcript."""

    derived: ClassVar[Mapping[str, str]] = {"line_id": "call_id"}
    omitted: ClassVar[Mapping[str, str]] = TranscriptMessage.omitted

    discount: Discount | None = Field(
        default=None, description="Why it counts for nothing; null: it counts."
    )


class LineMarkView(RecordView[LineMark]):
    """What was found out about a line after it came."""


class ReadingView(RecordView[Reading]):
    """One detector's opinion of one utterance or line of the customer."""

    derived: ClassVar[Mapping[str, str]] = {"reading_id": "call_id", "label": "scores"}
    omitted: ClassVar[Mapping[str, str]] = ReadingMessage.omitted


class TurnView(RecordView[Turn]):
    """Who spoke when, a silence, a talk-over."""

    derived: ClassVar[Mapping[str, str]] = {"turn_id": "call_id"}


class FeedbackView(FeedbackFields, ApiResponse):
    """One person's newest answer to an alert."""


class StepView(StepFields, ApiResponse):
    """A person confirmed a step of an alert."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as the card shows it, and who confirmed it.

    Attributes:
        text: in the reader's language.
        to_say: what is said to the customer; ``None``: nothing, it is advice.
    """

    index: int
    text: str
    to_say: SpokenStep | None
    action: Action | None
    confirmed: list[StepView]

    def by(self, role: PersonRole, given_by: str) -> bool:
        """Whether this person confirmed it."""
        return any(
            (confirmation.role, confirmation.given_by) == (role, given_by)
            for confirmation in self.confirmed
        )


def _spoken_step_first(rows: list[StepRow]) -> list[StepRow]:
    """What is to be said before the advice that comes ahead of it: seconds count under abuse."""
    first = next((index for index, row in enumerate(rows) if row.action is not None), 0)
    if first == 0 or rows[first].to_say is None:
        return rows
    return [rows[first], *rows[:first], *rows[first + 1 :]]


class AlertView(RecordView[Alert]):
    """A playbook fired."""

    derived: ClassVar[Mapping[str, str]] = {"alert_id": "call_id"}

    advised_at: datetime | None
    feedback: list[FeedbackView] = Field(default=[])
    steps: list[StepView] = Field(default=[], description="What was confirmed, and still stands.")

    @classmethod
    def of(cls, message: AlertMessage) -> Self:
        """As it came: nobody has answered it yet."""
        return cls(record=message.record, advised_at=message.advised_at)

    @property
    def is_disputed(self) -> bool:
        """Somebody says that it is wrong: then it says nothing about the call."""
        return any(answer.verdict == "wrong" for answer in self.feedback)

    @property
    def protocol(self) -> bool:
        """Whether it belongs to the protection of the agent or of the customer.

        A sentence to read out alone makes none: ordinary advice has those too.
        """
        confirmable_actions = set(self.record.actions) - {None}
        return bool(
            confirmable_actions - {Action.READ_OUT}
            or (confirmable_actions and self.record.sensitive in _AGAINST_AGENTS)
        )

    def step_rows(self, language: Language) -> list[StepRow]:
        """Its steps in the reader's language, else in any that it has.

        What is said to the customer is in the call's language, whoever reads.
        """
        suggestion = self.record.suggestion
        texts = suggestion.get(language) or next(iter(suggestion.values()), ())
        rows = [
            StepRow(
                index=index,
                text=text,
                to_say=self._spoken_step(index, text, language),
                action=self._action(index),
                confirmed=[step for step in self.steps if step.index == index],
            )
            for index, text in enumerate(texts)
        ]
        return _spoken_step_first(rows) if self.protocol else rows

    def _action(self, index: int) -> Action | None:
        actions = self.record.actions
        return actions[index] if index < len(actions) else None

    def _spoken_step(self, index: int, text: str, reader: Language) -> SpokenStep | None:
        if self._action(index) not in _SPOKEN_ACTIONS:
            return None
        call_language = self.record.language or reader
        call_texts = self.record.suggestion.get(call_language, ())
        if index >= len(call_texts):
            return build_spoken_step(text, text, call_language=reader, reader_language=reader)
        return build_spoken_step(
            text, call_texts[index], call_language=call_language, reader_language=reader
        )

    def verdict_of(self, role: PersonRole, given_by: str) -> Verdict | None:
        """What one person last answered; ``None`` where nothing, or taken back."""
        for answer in self.feedback:
            if (answer.role, answer.given_by) == (role, given_by):
                return None if answer.verdict == "withdrawn" else answer.verdict
        return None


class EarlierCallView(ApiResponse):
    """An earlier call from the same number."""

    call_id: str
    started_at: datetime
    kinds: list[SensitivityKind] = Field(
        default=[], description="What was found in it, gravest first."
    )


class EarlierFindingView(ApiResponse):
    """What was found in earlier calls."""

    kind: SensitivityKind
    ago_ms: int = Field(description="From the newest call it was found in to this call's start.")


class ReturningCallerView(ApiResponse):
    """The number this call comes from has called before. It may be another person each time."""

    at: datetime = Field(description="This call's start.")
    earlier: list[EarlierCallView] = Field(description="The newest first.")

    @computed_field(description="Which call within 7 days this is, itself counted.")  # type: ignore[prop-decorator]  # pydantic wants it so
    @property
    def nth_in_week(self) -> int:
        """From 1."""
        return 1 + sum(self.at - call.started_at <= WEEK for call in self.earlier)

    @computed_field(description="How long before this call's start the last one began.")  # type: ignore[prop-decorator]  # as above
    @property
    def last_ago_ms(self) -> int:
        """In ms."""
        return self._ago_ms(self.earlier[0])

    @computed_field(description="What was found in them, each kind once, the gravest first.")  # type: ignore[prop-decorator]  # as above
    @property
    def kinds(self) -> list[EarlierFindingView]:
        """With the newest call of each."""
        newest = {kind: call for call in reversed(self.earlier) for kind in call.kinds}
        return [
            EarlierFindingView(kind=kind, ago_ms=self._ago_ms(newest[kind]))
            for kind in SensitivityKind
            if kind in newest
        ]

    def _ago_ms(self, call: EarlierCallView) -> int:
        return int((self.at - call.started_at) / timedelta(milliseconds=1))


class CallView(ApiResponse):
    """A call, and how it stands."""

    call_id: str
    agent_id: str
    queue: str
    language: Language
    live: bool
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    notice_given: bool
    analysis_consent: bool
    recording_consent: bool
    mood: MoodView | None = None
    alerts: int = Field(default=0, description="How many so far.")
    loudest: AlertLevel | None = Field(default=None, description="The highest level of them.")
    returning: ReturningCallerView | None = Field(
        default=None, description="Earlier calls from the same number, where there were any."
    )
    channel_fault: FaultKind | None = Field(
        default=None,
        description="Its channels are exchanged, or carry one recording: no mood is known.",
    )
    sensitive: list[SensitivityKind] = Field(
        default=[], description="Kinds of sensitive customer found in it, the gravest first."
    )


class CallsPage(ApiResponse):
    """Calls, newest first."""

    calls: list[CallView]
    total: int
    offset: int
    limit: int


class EvidenceView(ApiResponse):
    """A moment of the call that a finding rests on."""

    at_ms: int
    line_id: str | None = Field(description="The transcript line of that moment, if there is one.")
    speaker: Speaker | None
    text: str


class SensitiveFindingView(ApiResponse):
    """A kind of sensitive customer that was found in a call: what was expressed, an estimate."""

    kind: SensitivityKind
    level: AlertLevel = Field(description="The highest of its alerts.")
    since_ms: int
    alerts: int = Field(description="How many so far: how far up the ladder.")
    reasons: list[Reason]
    evidence: list[EvidenceView] = Field(default=[])


class SealView(SealFields, ApiResponse):
    """A sealed bundle of evidence."""

    call_id: str
    file: str = Field(exclude=True)

    @computed_field  # type: ignore[prop-decorator]  # as pydantic's docs say
    @property
    def seal_id(self) -> str:
        """As in the database."""
        return EvidenceSeal.id_of(self.call_id, self.sha256)


class CallDetail(ApiResponse):
    """One call with everything the desk knows of it, each list in the order of the call."""

    call: CallView
    mood: MoodView | None
    moods: list[MoodView]
    transcript_lines: list[TranscriptLineView]
    line_marks: list[LineMarkView] = Field(default=[])
    readings: list[ReadingView]
    alerts: list[AlertView]
    turns: list[TurnView]
    sensitive: list[SensitiveFindingView] = Field(default=[])
    seals: list[SealView] = Field(default=[])

    @property
    def current_protocol(self) -> str | None:
        """The alert whose steps are to be done now: it stays on top of lesser ones for a while."""
        current: Alert | None = None
        for alert in self.alerts:
            fired = alert.record
            if current is not None and fired.at_ms - current.at_ms > PROTOCOL_PRIORITY_MS:
                current = None
            if alert.protocol and (current is None or fired.level.rank >= current.level.rank):
                current = fired
        return current.alert_id if current is not None else None

    def sealed_for(self, step: StepRow) -> SealView | None:
        """The newest bundle that came after a step to seal was confirmed."""
        asked_at = max((confirmation.at for confirmation in step.confirmed), default=None)
        later_seals = [seal for seal in self.seals if asked_at is not None and seal.at >= asked_at]
        return later_seals[-1] if later_seals else None

    @property
    def sealing(self) -> bool:
        """Whether a bundle was asked for and is not there yet."""
        asked_at = [
            step.at
            for alert in self.alerts
            for step in alert.steps
            if step.action is Action.SEAL_EVIDENCE
        ]
        return bool(asked_at) and max(asked_at) > max(
            (seal.at for seal in self.seals), default=_NEVER
        )


class StepIn(BaseModel):
    """A person confirms a step, or takes that back."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["done", "undone"] = "done"
    given_by: PersonName = ""
    role: PersonRole = "agent"


class HelpRequest(ApiResponse):
    """An agent asks a supervisor for something, and no supervisor has taken care of it yet."""

    alert_id: str
    index: int = Field(description="Which step of the alert asks.")
    action: Action
    call_id: str
    agent_id: str
    queue: str
    live: bool
    title: dict[Language, str] = Field(description="Of the alert.")
    sensitive: SensitivityKind | None
    asked_at: datetime


class FeedbackIn(BaseModel):
    """An answer to an alert; a later one of the same person replaces it."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    given_by: PersonName = ""
    role: PersonRole = "agent"
    note: str = Field(default="", max_length=2_000)
