"""What a worker says of its rules: in the log and to Prometheus."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from playbooks.files.loader import PlaybookError
from streams.rules import worker_reload
from streams.rules.reloader import PlaybookReloader
from streams.rules.worker_reload import WorkerReloader
from tests.support.rules import build_playbook_yaml, save_atomically

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_atomically(tmp_path / "first.yaml", build_playbook_yaml("first"))
    return tmp_path


@pytest.fixture
def begun(folder: Path, caplog: pytest.LogCaptureFixture) -> WorkerReloader:
    caplog.set_level(logging.INFO, "callmood.worker")
    one = WorkerReloader(PlaybookReloader(folder))
    one.load_initial()
    return one


def shown(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"callmood_{name}", labels) or 0.0


async def twice(one: WorkerReloader) -> None:
    await one.poll()
    await one.poll()


def test_a_worker_says_at_its_start_how_many_rules_are_in_force(
    begun: WorkerReloader, caplog: pytest.LogCaptureFixture
) -> None:
    begun.load_initial()
    assert caplog.messages == ["rules: 1 playbook in force"]
    assert shown("playbooks_in_force") == 1
    assert shown("rules_refused") == 0


def test_a_worker_does_not_start_with_rules_that_cannot_be_used(folder: Path) -> None:
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", tested="다른 말"))
    with pytest.raises(PlaybookError, match="its test “it fires” fails"):
        WorkerReloader(PlaybookReloader(folder)).load_initial()


async def test_a_change_is_said_and_counted_once(
    begun: WorkerReloader, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken = shown("rules_reloads_total", result="taken")
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", 2))
    save_atomically(folder / "card-lost.yaml", build_playbook_yaml("card-lost"))
    await twice(begun)
    await twice(begun)
    assert caplog.messages == ["rules: 2 playbooks in force; first 1 -> 2; new: card-lost"]
    assert shown("rules_reloads_total", result="taken") == taken + 1
    assert shown("playbooks_in_force") == 2


async def test_a_refusal_is_one_line_for_each_problem_and_a_gauge_until_it_is_mended(
    begun: WorkerReloader, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refused = shown("rules_reloads_total", result="refused")
    save_atomically(
        folder / "first.yaml",
        build_playbook_yaml("first", 2).replace("owner: desk", "owner: ''\nfoo: 1"),
    )
    await twice(begun)
    await twice(begun)
    said = [line for line in caplog.messages if line.startswith("rules refused: ")]
    assert len(said) == 2
    assert all(f"{folder / 'first.yaml'}:" in line and "; " in line for line in said)
    standing = f"1 playbook in force, 2 problems in {folder}"
    assert caplog.messages[-1] == f"rules: the old ones stay; {standing}"
    assert shown("rules_reloads_total", result="refused") == refused + 1
    assert shown("rules_refused") == 1
    save_atomically(folder / "first.yaml", build_playbook_yaml("first"))
    await twice(begun)
    assert caplog.messages[-1] == "rules: 1 playbook in force; nothing changed"
    assert shown("rules_refused") == 0


async def test_one_problem_is_told_as_one(
    begun: WorkerReloader, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_atomically(
        folder / "first.yaml", build_playbook_yaml("first", 2).replace("owner: desk", "owner: ''")
    )
    await twice(begun)
    assert caplog.messages[-1].endswith(f"1 playbook in force, 1 problem in {folder}")


async def test_a_look_that_is_asked_for_needs_no_second_one_and_answers(
    begun: WorkerReloader,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_reload, "SETTLE_S", 0.0)
    await begun.poll_now()
    assert caplog.messages[-1] == "rules: looked; 1 playbook in force"
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", 2))
    await begun.poll_now()
    assert "first 1 -> 2" in caplog.text


async def test_the_event_loop_goes_on_while_rules_are_read(
    begun: WorkerReloader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reading waits for what the loop does meanwhile: on one thread it would hang."""
    turned = threading.Event()
    monkeypatch.setattr(
        "streams.rules.reloader.run_library",
        lambda _: () if turned.wait(20) else pytest.fail("it hung"),
    )
    save_atomically(folder / "first.yaml", build_playbook_yaml("first", 2))
    await begun.poll()
    look = asyncio.create_task(begun.poll())
    await asyncio.sleep(0)
    assert not look.done()
    turned.set()
    await look
    assert shown("playbooks_in_force") == 1


async def test_rules_that_come_with_the_code_are_not_followed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "callmood.worker")
    one = WorkerReloader(PlaybookReloader(None))
    one.load_initial()
    await one.poll_now()
    assert "come with the code" in caplog.messages[-1]
