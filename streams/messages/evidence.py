"""Sealed evidence. `streams.topics` says which topic carries which."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, Field

from detectors.record_ids import join_id
from streams.cloudevents import Message
from streams.messages.roles import SealRole


class SealFields(BaseModel):
    """What is known of a bundle: in the message, and in the API."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of the whole bundle.")
    previous_sha256: str = Field(
        default="",
        pattern=r"^([0-9a-f]{64})?$",
        description="Of the call's bundle before this one; empty: it is the first.",
    )
    size: int = Field(ge=0, description="Of the bundle, in bytes.")
    file: str = Field(max_length=512, description="Where it lies, below the evidence folder.")
    cause: Literal["asked", "call_ended"] = Field(
        description="A person asked for it, or a call that had been sealed before has ended."
    )
    cause_id: str = Field(default="", max_length=1_024, description="The confirmation that asked.")
    sealed_by: str = Field(default="", max_length=128)
    role: SealRole = "desk"
    at: AwareDatetime


class EvidenceSeal(SealFields, Message):
    """What is known of a call was put into a sealed bundle (``seals.v1``).

    Its hash is here so that it lies outside the file that it speaks of.
    """

    ce_type: ClassVar[str] = "callmood.seal.v1"

    @property
    def message_id(self) -> str:  # noqa: D102
        return self.id_of(self.call_id, self.sha256)

    @staticmethod
    def id_of(call_id: str, sha256: str) -> str:
        """Of the bundle with this hash."""
        return join_id(call_id, "seal", sha256)
