"""The call sheet: ``call.json`` beside a recording says what its sound cannot.

Who took the call, in which language, which channel the customer is on, and what the
customer agreed to. Everything is optional; what nobody wrote was not agreed to.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from detectors.utterance import Language
from streams.ids import CallId
from streams.ingest.replay.input_file import InputFileError, open_input

MAX_BYTES = 65_536

Name = Annotated[str, Field(max_length=128)]


class CallSheetError(InputFileError):
    """A call sheet cannot be used; every fault is told, in one line."""


class CallSheet(BaseModel):
    """What is known about a recorded call beside its sound."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    call_id: CallId | None = None
    agent_id: Name = ""
    queue: Name = ""
    language: Annotated[Language, Field(strict=False)] = Language.KOREAN
    caller: SecretStr | None = Field(default=None, max_length=128)
    """The caller's number in clear. The gateway hashes it; nothing else ever shows it."""
    customer_channel: Literal["left", "right"] = "right"
    notice_given: bool = False
    analysis_consent: bool = False
    recording_consent: bool = False
    note: Annotated[str, Field(max_length=2_000)] = ""


_SHEET_KEYS = tuple(CallSheet.model_fields)


def read_call_sheet(path: Path | str) -> CallSheet:
    """Read a call sheet.

    Raises:
        CallSheetError: it is not one; the message is one line.
    """
    path = Path(path)
    try:
        return CallSheet.model_validate(_parse_json(path))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        what = ", ".join(_describe_fault(fault["loc"], fault["msg"]) for fault in faults)
        raise CallSheetError(path, what, f"the keys are {', '.join(_SHEET_KEYS)}") from None


def _parse_json(path: Path) -> object:
    content = _read_content(path)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        what = f"byte {error.start + 1} is not UTF-8"
        raise CallSheetError(path, what, "save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        what = f"is not JSON ({error.msg} at line {error.lineno}, column {error.colno})"
        raise CallSheetError(path, what, "correct it") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise CallSheetError(path, "is not JSON of any use", "write one flat object") from None


def _read_content(path: Path) -> bytes:
    with open_input(path, expected="a call sheet in JSON", error=CallSheetError) as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise CallSheetError(path, f"is larger than {MAX_BYTES:,} bytes", "give a call sheet")
    return content


def _describe_fault(location: tuple[int | str, ...], message: str) -> str:
    key = ".".join(map(str, location)) or "the whole"
    return f"{key}: {message[0].lower()}{message[1:]}"
