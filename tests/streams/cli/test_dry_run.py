"""`callmood playbooks dry-run`, `calls export`, `bench dry-run`: each refusal is one clear line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from streams.bench.sample_calls import generate_record
from streams.cli.bench import bench
from streams.cli.calls import calls
from streams.cli.playbooks import playbooks
from streams.settings import settings
from tests.streams.backtest.recording import call, record, rule, rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import click
    from click.testing import Result

NOBODY = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Commands take signals over; a test gives them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    rules(tmp_path / "rules", card=rule("card", "card", "wallet"))
    rules(tmp_path / "old", card=rule("card", "card"))
    record(tmp_path / "calls.jsonl", call("c1", (5.0, "my wallet"), (100.0, "my card")))
    return tmp_path


def tried(made: Path, *words: str, calls: str = "calls.jsonl") -> Result:
    given = ["--rules", str(made / "rules"), "--calls", str(made / calls)]
    return CliRunner().invoke(playbooks, ["dry-run", *given, "--language", "en", *words])


def refusal(command: click.Command, *words: str) -> str:
    result = CliRunner().invoke(command, list(words))
    assert result.exit_code in {1, 2}, result.output
    assert "Traceback" not in result.output
    return result.stderr


def test_it_prints_the_difference_and_writes_a_page_and_json(made: Path) -> None:
    page, figures = made / "out.html", made / "out.json"
    outs = ["--html", str(page), "--json", str(figures)]
    result = tried(made, "--against", str(made / "old"), *outs)
    assert result.exit_code == 0, result.output
    assert "In 1 call the changed rules would have alerted once more" in result.stdout
    assert "my wallet" not in result.stdout, "the terminal has numbers; the page has words"
    assert "wallet" in page.read_text(encoding="utf-8")
    assert json.loads(figures.read_text(encoding="utf-8"))["total"]["gained"] == 1


def test_the_terminal_speaks_english_and_the_page_as_the_desk_does(made: Path) -> None:
    page = made / "out.html"
    given = ["--rules", str(made / "rules"), "--calls", str(made / "calls.jsonl")]
    words = ["dry-run", *given, "--against", str(made / "old"), "--html", str(page)]
    result = CliRunner().invoke(playbooks, words)
    assert "the changed rules would have alerted once more" in result.stdout
    assert '<html lang="ko">' in page.read_text(encoding="utf-8")
    asked = CliRunner().invoke(playbooks, [*words, "--language", "ko"])
    assert "바뀐 규칙은 알림을" in asked.stdout


def test_without_against_it_compares_with_the_rules_in_force(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLMOOD_PLAYBOOKS", str(made / "old"))
    settings.cache_clear()
    try:
        assert "alerted once more" in tried(made).stdout
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_wrong_rules_are_all_named_before_the_record_is_looked_at(made: Path) -> None:
    (made / "rules" / "bad.yaml").write_text("id: bad\nid: bad\n", encoding="utf-8")
    (made / "rules" / "worse.yaml").write_text("id: [\n", encoding="utf-8")
    result = tried(made, calls="nowhere.jsonl")
    assert result.exit_code == 1
    assert "bad.yaml:2: 'id' is written twice; keep one of them" in result.stderr
    assert "worse.yaml:" in result.stderr
    assert "no call was read" in result.stderr


def test_lines_that_were_passed_over_are_told_and_strictly_end_it(made: Path) -> None:
    path = made / "calls.jsonl"
    path.write_bytes(b"broken\n" + path.read_bytes())
    told = f"{path}:1: it is no JSON (expected value at column 1)"
    loose, strict = tried(made), tried(made, "--strict")
    assert (loose.exit_code, strict.exit_code) == (0, 1)
    assert f"1 line could not be used, and passed over:\n  {told}" in loose.stderr
    assert strict.stderr == f"Error: {told}; mend it, or leave out --strict\n"
    assert strict.stdout == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--calls", "nowhere"], "nowhere: no such file; name a file, or `kafka`"),
        (["--calls", "alerts.v1"], "alerts.v1: no recorded calls; name a file, or `kafka`"),
        (["--since", "soon"], "'soon' is no time: write 7d, 12h or"),
        (["--html", "nowhere/page.html"], "nowhere/page.html: there is no nowhere"),
        (["--desk", "desk:8640"], "desk:8640: an address begins with http:// or https://"),
        (["--jobs", "0"], "0 is not in the range"),
        (["--rules", "nowhere"], "'nowhere' does not exist"),
    ],
)
def test_an_option_that_cannot_be_met_is_one_line(made: Path, words: list[str], says: str) -> None:
    given = ["--rules", str(made / "rules"), "--calls", str(made / "calls.jsonl")]
    assert says in refusal(playbooks, "dry-run", *given, *words)


def _run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *words],
        env={**os.environ, "CALLMOOD_KAFKA_TIMEOUT_S": "1", **env},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_without_a_broker_it_ends_soon_with_what_to_do(made: Path) -> None:
    given = ["--rules", str(made / "rules"), "--calls", "kafka"]
    for words in (["playbooks", "dry-run", *given], ["calls", "export", "--to", str(made / "o")]):
        done = _run(*words, CALLMOOD_KAFKA=NOBODY)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert f"callmood: no Kafka answers at {NOBODY}" in done.stderr
    assert sorted(one.name for one in made.iterdir()) == ["calls.jsonl", "old", "rules"]


def test_an_export_to_a_folder_that_is_not_there_is_refused() -> None:
    assert "there is no nowhere" in refusal(calls, "export", "--to", "nowhere/calls.gz")


def test_checking_rules_loads_nothing_that_only_a_dry_run_needs() -> None:
    heavy = "[name for name in ('kafka', 'pydantic', 'numpy', 'jinja2') if name in sys.modules]"
    code = f"import sys, streams.cli.playbooks; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    listed = CliRunner().invoke(playbooks, ["--help"]).stdout
    assert all(command in listed for command in ("check", "test", "dry-run"))


@pytest.mark.slow
def test_ctrl_c_ends_every_process_in_order(made: Path) -> None:
    path = made / "many.jsonl"
    path.write_bytes(b"".join(generate_record(400, seed=1)))
    words = ["playbooks", "dry-run", "--rules", str(made / "rules"), "--calls", str(path)]
    with subprocess.Popen(
        [sys.executable, "-c", _TELLING, *words, "--jobs", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "playing\n"
        os.killpg(child.pid, signal.SIGINT)
        # Returns when nobody has these pipes open any more: every process has ended.
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err.strip()) == (130, "", "")


_TELLING = """
import sys
from streams.cli import main
from streams.backtest import worker_pool
replay = worker_pool.WorkerPool.play
def telling(self, buckets, rules):
    for number, one in enumerate(replay(self, buckets, rules)):
        if not number:
            print("playing", flush=True)
        yield one
worker_pool.WorkerPool.play = telling
if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_the_bench_measures_made_up_calls(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    words = ["dry-run", "--calls", "3", "--jobs", "1", "--json", str(out)]
    result = CliRunner().invoke(bench, words)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("3 calls, 726 events (0 MB): ")
    assert json.loads(out.read_text(encoding="utf-8"))["events"] == 726
