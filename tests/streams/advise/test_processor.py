"""The processor and the rules: one event sees one library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from detectors.utterance import Language, Speaker
from playbooks.events import CallStarted
from playbooks.files.loader import load_library
from streams.advise.processor import AdviceProcessor
from streams.cloudevents import now
from streams.messages.alerts import AlertMessage
from streams.messages.calls import CallEvent, TranscriptMessage
from streams.settings import Settings
from tests.support.rules import build_playbook_yaml, save_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playbooks.engine.rulebook import Rulebook

CALL = "one-library"


class Line:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.alerts: list[tuple[int, int]] = []
        self.settings = Settings()

    async def send_all(self, posts: Any) -> None:
        self.alerts += [
            (one.record.playbook_version, one.record.step)
            for _, one in posts
            if isinstance(one, AlertMessage)
        ]


class Table(dict[str, Any]):
    """A call's state, as it is written down."""

    def put(self, call_id: str, value: Any, *, partition: int) -> None:
        del partition
        self[call_id] = value


class Restless:
    """Rules that are others at every look."""

    def __init__(self, libraries: Sequence[Rulebook]) -> None:
        self.libraries, self.looks = libraries, 0

    @property
    def rulebook(self) -> Rulebook:
        self.looks += 1
        return self.libraries[self.looks % len(self.libraries)]


def libraries(folder: Path) -> list[Rulebook]:
    found: list[Rulebook] = []
    for number in (1, 2):
        save_atomically(
            folder / "first.yaml",
            build_playbook_yaml("first", number, phrase="하나요", queue="cards"),
        )
        found.append(load_library(folder))
    return found


async def test_an_event_looks_once_for_the_rules_and_its_call_goes_on_under_any_of_them(
    tmp_path: Path,
) -> None:
    line, rules = Line(), Restless(libraries(tmp_path))
    advising = AdviceProcessor(
        cast("Any", line),
        reloader=cast("Any", rules),
        ordered_stream=cast("Any", None),
        table=cast("Any", Table()),
        dead_letters=cast("Any", None),
    )
    started = CallEvent(call_id=CALL, event="started", at=now(), queue="cards")
    await advising._advise(started, CallStarted(CALL, queue="cards"), 0)
    for number, at_s in enumerate((20, 40, 60), start=2):
        said = _said("하나요", at_s)
        await advising._advise(said, said.record, 0)
        assert rules.looks == number
    assert line.alerts == [(1, 1), (2, 2), (1, 3)]


def _said(text: str, at_s: int) -> TranscriptMessage:
    return TranscriptMessage(
        call_id=CALL,
        speaker=Speaker.CUSTOMER,
        start_ms=at_s * 1000 - 1_000,
        end_ms=at_s * 1000,
        text=text,
        language=Language.KOREAN,
    )
