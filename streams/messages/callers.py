"""What travels about callers: a keyed hash of the number, never the number.

Here and not in the other families, because one of them is the only message that is keyed by
something other than its call (docs/decisions/0026-callers-by-keyed-hash.md).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from detectors.record_ids import join_id
from playbooks.events import CallerIdentified, EarlierCall
from playbooks.sensitivity import SensitivityKind
from streams.cloudevents import Message
from streams.ids import CALL_ID_PATTERN, CallId

MAX_EARLIER_CALLS = 20
"""So many calls are remembered of a caller, the newest."""

CallerHash = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""HMAC-SHA256 of the caller's number under the site's key, the first 128 bits in hex."""


class CallerEvent(Message):
    """What is to be remembered of a caller, or no longer (``caller-events.v1``).

    That they called; that a call needed care; that a person called this wrong (``withdrawn``);
    that the caller is to be forgotten. Keyed by ``caller``, so that all calls of one caller lie
    on one partition.
    """

    ce_type: ClassVar[str] = "callmood.caller.v1"

    call_id: Annotated[str, Field(pattern=f"^$|{CALL_ID_PATTERN}")] = Field(
        default="", description="Empty where a caller is to be forgotten: that is of no call."
    )
    event: Literal["called", "found", "withdrawn", "forgotten"]
    caller: CallerHash
    at: AwareDatetime = Field(description="The call's start; of ``forgotten``: when it was asked.")
    kind: SensitivityKind | None = Field(
        default=None, description="What was found, or was called wrong by a person."
    )

    @model_validator(mode="after")
    def _check_event(self) -> CallerEvent:
        if (self.event in {"found", "withdrawn"}) != (self.kind is not None):
            message = f"kind {self.kind} does not go with {self.event}"
            raise ValueError(message)
        if (self.event == "forgotten") != (not self.call_id):
            message = f"call_id {self.call_id!r} does not go with {self.event}"
            raise ValueError(message)
        return self

    @property
    def key(self) -> str:  # noqa: D102
        return self.caller

    @property
    def message_id(self) -> str:  # noqa: D102
        subject = self.call_id or self.at.isoformat(timespec="milliseconds")
        kind = () if self.kind is None else (self.kind,)
        return join_id(self.caller, subject, self.event, *kind)


class EarlierCallSummary(BaseModel):
    """An earlier call from the same number."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    call_id: CallId
    started_at: AwareDatetime
    kinds: tuple[SensitivityKind, ...] = Field(
        default=(), description="What was found in that call, the gravest first."
    )


class ReturningCaller(Message):
    """The number that this call comes from has called before (``returning.v1``)."""

    ce_type: ClassVar[str] = "callmood.returning.v1"

    at: AwareDatetime = Field(description="This call's start.")
    earlier: tuple[EarlierCallSummary, ...] = Field(
        min_length=1, max_length=MAX_EARLIER_CALLS, description="The newest first."
    )

    @property
    def message_id(self) -> str:  # noqa: D102
        return join_id(self.call_id, "caller")

    @property
    def caller_history(self) -> CallerIdentified:
        """What the playbooks are told."""
        return CallerIdentified(
            self.call_id,
            tuple(
                EarlierCall(
                    ago_ms=int((self.at - call.started_at).total_seconds() * 1000),
                    kinds=frozenset(call.kinds),
                )
                for call in self.earlier
            ),
        )
