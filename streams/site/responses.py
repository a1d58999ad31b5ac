"""API answers that every feature shares."""

from __future__ import annotations

from typing import Generic, Literal

from pydantic import BaseModel, ConfigDict, Field

from streams.flat_record import FlatRecord, RecordT


class ApiResponse(BaseModel):
    """What an endpoint answers: immutable; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class RecordView(FlatRecord[RecordT], ApiResponse, Generic[RecordT]):
    """A record as the API answers it and as the pages show it: of a message or of a row."""


class Accepted(ApiResponse):
    """It is in the database, and in Kafka as soon as that is there."""

    id: str


class Health(ApiResponse):
    """Whether the desk is fed."""

    status: Literal["ok", "stale"]
    line: str = Field(description="`up`, or why nothing new comes in.")


class ProblemResponse(ApiResponse):
    """What is wrong, in one sentence."""

    detail: str
