"""What a bundle says of itself: facts of the call, who sealed it, what is in it."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from streams.ids import CallId
from streams.messages.roles import SealRole

RECORD = "bundle.json"
"""Its file among the payload."""

MANIFEST = "manifest.json"
"""Its file in a bundle of format 1, which lists all other files, too."""

MAX_MANIFEST_BYTES = 8 * 1024 * 1024

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _ManifestModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CallMetadata(_ManifestModel):
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


class SealInfo(_ManifestModel):
    """Who sealed it, why and when, by this machine's clock."""

    at: AwareDatetime
    cause: Literal["asked", "call_ended"]
    by: str
    role: SealRole
    previous_sha256: Hash | Literal[""] = Field(
        description="Of the call's bundle before this one; empty: it is the first."
    )


class ClipSummary(_ManifestModel):
    """The customer's voice, and why there is none or not all of it."""

    count: int
    missing: int = Field(description="Clips that are known but whose files are gone.")
    why_none: Literal["", "not_agreed", "none_kept", "too_large"]


class PlaybookRef(_ManifestModel):
    """A playbook whose alerts are in the bundle."""

    id: str
    version: int


class BundleRecord(_ManifestModel):
    """``data/bundle.json``: what the bundle is of."""

    format: Literal[2]
    callmood: str = Field(description="The version that sealed it.")
    call: CallMetadata
    sealed: SealInfo
    clips: ClipSummary
    playbooks: list[PlaybookRef]

    def to_bytes(self) -> bytes:
        """Always the same bytes for the same values."""
        return to_canonical_json(self.model_dump(mode="json"))


class FileEntry(_ManifestModel):
    """A file of a bundle of format 1."""

    name: str
    size: int
    sha256: Hash


class Manifest(_ManifestModel):
    """``manifest.json``, the first file of a bundle of format 1. It is read, never written."""

    format: Literal[1]
    callmood: str = Field(description="The version that sealed it.")
    call: CallMetadata
    sealed: SealInfo
    clips: ClipSummary
    playbooks: list[PlaybookRef]
    files: list[FileEntry]

    def to_bytes(self) -> bytes:
        """Always the same bytes for the same values."""
        return to_canonical_json(self.model_dump(mode="json"))


def to_canonical_json(value: object) -> bytes:
    """JSON for people and programs: sorted keys, one value a line."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode() + b"\n"
