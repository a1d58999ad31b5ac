"""One definition per record: no field is lost between the value, the wire, the row and the API."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import pytest

from streams.cloudevents import MessageError
from streams.corrections.models import CorrectionView, EstimateView
from streams.desk.models import (
    AlertView,
    FeedbackView,
    LineMarkView,
    MoodView,
    ReadingView,
    ReturningCallerView,
    SealView,
    StepView,
    TranscriptLineView,
    TurnView,
)
from streams.messages.base import RecordMessage
from streams.messages.calls import TranscriptMessage
from streams.store.rows import NOT_STORED, RECORD_TABLES, to_row
from tests.streams.examples import EXAMPLES

if TYPE_CHECKING:
    from pydantic import BaseModel

    from streams.cloudevents import Message

VIEWS: dict[str, tuple[type[BaseModel], ...]] = {
    "AlertMessage": (AlertView,),
    "Correction": (CorrectionView,),
    "EvidenceSeal": (SealView,),
    "Feedback": (FeedbackView,),
    "LineMarkMessage": (LineMarkView,),
    "MoodMessage": (MoodView,),
    "ReadingMessage": (ReadingView, EstimateView),
    "ReturningCaller": (ReturningCallerView,),
    "StepConfirmation": (StepView,),
    "TranscriptMessage": (TranscriptLineView,),
    "TurnMessage": (TurnView,),
}
NOT_ANSWERED = {
    "call_id": "answered once, with the call",
    "file": "where a bundle lies on the desk's disk is nobody's business",
}

STORED = [message for message in EXAMPLES.values() if type(message) in RECORD_TABLES]
RECORDS = [message for message in EXAMPLES.values() if isinstance(message, RecordMessage)]


def name_of(value: object) -> str:
    return type(value).__name__


def flat_names(record: Any) -> set[str]:
    """The fields of a record as they are written: those of its span among them."""
    names = {field.name for field in fields(record)}
    return names - {"span"} | ({"start_ms", "end_ms"} if "span" in names else set())


def test_every_stored_record_has_an_example_and_a_view() -> None:
    assert {type(message) for message in STORED} == set(RECORD_TABLES)
    assert {name_of(message) for message in STORED} == set(VIEWS)


@pytest.mark.parametrize("message", RECORDS, ids=name_of)
def test_every_field_of_a_record_is_on_the_wire_or_omitted_with_a_reason(
    message: RecordMessage[Any],
) -> None:
    assert is_dataclass(message.record)
    wire = set(json.loads(message.value()))
    assert flat_names(message.record) - wire == set(message.omitted)
    assert set(message.derived) <= wire
    assert set(type(message).model_json_schema()["properties"]) == wire
    assert all(message.omitted.values())


@pytest.mark.parametrize("message", RECORDS, ids=name_of)
def test_the_example_has_a_value_of_its_own_in_every_field_that_can_lack_one(
    message: RecordMessage[Any],
) -> None:
    """Else a field could get lost on the way, and its absence look like its default."""
    bare = {
        field.name
        for field in fields(message.record)
        if field.default is None and getattr(message.record, field.name) is None
    }
    assert bare == set()


@pytest.mark.parametrize("message", STORED, ids=name_of)
def test_every_field_on_the_wire_is_in_the_row_or_left_out_with_a_reason(message: Message) -> None:
    row = to_row(message)
    table = RECORD_TABLES[type(message)]
    assert set(row) == {column.name for column in table.c}, "each column is written"
    assert set(json.loads(message.value())) - set(row) <= set(NOT_STORED)
    assert row[next(iter(table.primary_key)).name] == message.record_id


@pytest.mark.parametrize("message", STORED, ids=name_of)
def test_every_field_of_the_row_is_in_the_api(message: Message) -> None:
    row = to_row(message)
    for view_type in VIEWS.get(name_of(message), ()):
        answer = view_type.model_validate(row).model_dump(mode="json")
        key = next(iter(RECORD_TABLES[type(message)].primary_key)).name
        assert set(row) - {key} - set(answer) <= set(NOT_ANSWERED)
        wire = json.loads(message.value())
        assert {name: answer[name] for name in answer if name in wire} == {
            name: wire[name] for name in answer if name in wire
        }


@pytest.mark.parametrize("message", RECORDS, ids=name_of)
def test_a_record_that_was_stored_is_read_back_as_the_same_value(
    message: RecordMessage[Any],
) -> None:
    for view_type in VIEWS.get(name_of(message), ()):
        view: Any = view_type.model_validate(to_row(message))
        assert view.record == message.record


@pytest.mark.parametrize("message", STORED, ids=name_of)
def test_the_apis_schema_lists_what_the_api_answers(message: Message) -> None:
    for view_type in VIEWS.get(name_of(message), ()):
        answer = view_type.model_validate(to_row(message)).model_dump(mode="json")
        schema = view_type.model_json_schema(mode="serialization")
        assert set(answer) == set(schema["properties"])


def test_what_a_caller_leaves_out_of_a_flat_record_is_left_out() -> None:
    line = TranscriptMessage.decode(
        b'{"call_id": "x", "speaker": "customer", "start_ms": 3, "end_ms": 5, "text": "ab"}', []
    )
    given = {"call_id": "x", "speaker": "customer", "start_ms": 3, "end_ms": 5, "text": "ab"}
    assert line.model_dump(mode="json", exclude_defaults=True) == given
    assert "start_ms" not in line.model_dump(mode="json", exclude={"start_ms", "call_id"})


@pytest.mark.parametrize(
    ("times", "fault"),
    [
        ('"start_ms": 9, "end_ms": 5', "end_ms 5 is before start_ms 9"),
        ('"start_ms": -9, "end_ms": 5', "start_ms: Input should be greater than or equal to 0"),
    ],
)
def test_a_fault_is_named_by_the_field_as_the_sender_wrote_it(times: str, fault: str) -> None:
    value = f'{{"call_id": "x", "speaker": "customer", "text": "ab", {times}}}'
    with pytest.raises(MessageError, match=fault) as error:
        TranscriptMessage.decode(value.encode(), [])
    assert "record" not in str(error.value)
