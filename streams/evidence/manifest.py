"""What a bundle says of itself: facts of the call, who sealed it, and the hash of every file."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from streams.ids import CallId

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 8 * 1024 * 1024

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallFacts(_Written):
    """The call. Not who called: not even the hash of the number."""

    call_id: CallId
    agent_id: str
    queue: str
    language: str
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None = Field(description="None: it was still going on.")
    duration_ms: int | None
    notice_given: bool
    analysis_consent: bool
    recording_consent: bool


class Sealed(_Written):
    """Who sealed it, why and when, by this machine's clock."""

    at: AwareDatetime
    cause: Literal["asked", "call_ended"]
    by: str
    role: Literal["agent", "supervisor", "desk"]
    previous_sha256: Hash | Literal[""] = Field(
        description="Of the call's bundle before this one; empty: it is the first."
    )


class ClipsIncluded(_Written):
    """The customer's voice, and why there is none or not all of it."""

    count: int
    missing: int = Field(description="Clips that are known but whose files are gone.")
    why_none: Literal["", "not_agreed", "none_kept", "too_large"]


class PlaybookUsed(_Written):
    """A playbook whose alerts are in the bundle."""

    id: str
    version: int


class FileListed(_Written):
    """A file of the bundle."""

    name: str
    size: int
    sha256: Hash


class Manifest(_Written):
    """``manifest.json``: the first file of a bundle; lists all the others."""

    format: Literal[1]
    callmood: str = Field(description="The version that sealed it.")
    call: CallFacts
    sealed: Sealed
    clips: ClipsIncluded
    playbooks: list[PlaybookUsed]
    files: list[FileListed]

    def to_bytes(self) -> bytes:
        """Always the same bytes for the same values."""
        return written(self.model_dump(mode="json"))


def written(value: object) -> bytes:
    """JSON for people and programs: sorted keys, one value a line."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode() + b"\n"
