"""A caller is known by a keyed hash of the number, and the number goes nowhere."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.ingest.caller_hash import (
    CallerHasher,
    CallerKeyError,
    build_caller_hasher,
    load_caller_key,
)
from streams.ingest.replay.played_call import ReplayInput, build_timeline, load_call
from streams.settings import Settings
from tests.streams.ingest.replay.played import AT, STEREO, written

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))
KOREA = CallerHasher(KEY, "KR")
NUMBER = "010-2345-6789"

mobiles = st.integers(2_000_0000, 4_999_9999).map(lambda number: f"+8210{number}")
separators = st.sampled_from(["", "-", " ", ".", "\u2010", "\u00a0"])


@given(mobiles, separators)
def test_every_spelling_of_a_number_is_the_same_caller(number: str, by: str) -> None:
    start, end = number[5:9], number[9:]
    spellings = [
        f"010{by}{start}{by}{end}",
        f"+82{by}10{by}{start}{by}{end}",
        f"+82 (0)10{by}{start}{by}{end}",
        f"001{by}82{by}10{by}{start}{by}{end}",
        f"tel:+82-10-{start}-{end}",
        f"sip:{number}@pbx.example;user=phone",
        f"<sips:{number};ext=12@pbx.example>",
        f" 010{start}{end} ",
        f"010{start}{end}".translate({ord("0") + n: ord("\uff10") + n for n in range(10)}),
    ]
    assert {KOREA.hash_number(spelling) for spelling in spellings} == {KOREA.hash_number(number)}
    assert re.fullmatch("[0-9a-f]{32}", KOREA.hash_number(number))


@given(mobiles, mobiles)
def test_two_numbers_are_two_callers(one: str, other: str) -> None:
    assume(one != other)
    assert KOREA.hash_number(one) != KOREA.hash_number(other)


@given(st.binary(min_size=32, max_size=64), st.binary(min_size=32, max_size=64))
def test_under_another_key_nobody_is_known(one: bytes, other: bytes) -> None:
    assume(one.rstrip(b"\x00") != other.rstrip(b"\x00"))  # HMAC fills a short key with zeros
    assert CallerHasher(one, "KR").hash_number(NUMBER) != CallerHasher(other, "KR").hash_number(
        NUMBER
    )


def test_a_number_without_a_country_is_of_the_region() -> None:
    american = CallerHasher(KEY, "US")
    assert american.hash_number("(202) 555-0143") == KOREA.hash_number("+1 202 555 0143")
    assert american.hash_number(NUMBER) == ""


@pytest.mark.parametrize(
    "number",
    ["", " ", "anonymous", "Restricted", "unknown", "112", "119", "911", "+82119", "1234", "00",
     "sip:anonymous@anonymous.invalid", "+82 10 12", "+999 1234 5678",
     "9" * 400, "\x00", "발신번호표시제한"],
)  # fmt: skip
def test_who_cannot_be_told_by_a_number_is_nobody(number: str) -> None:
    assert KOREA.hash_number(number) == ""


@given(st.text(max_size=300))
def test_no_text_is_an_error(text: str) -> None:
    assert re.fullmatch("([0-9a-f]{32})?", KOREA.hash_number(text))


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "caller.key"
    key = load_caller_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_caller_key(path) == key
    assert [one.name for one in path.parent.iterdir()] == ["caller.key"]


def test_gateways_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "caller.key"
    starting = threading.Barrier(8)
    keys: set[bytes] = set()

    def start() -> None:
        starting.wait()
        keys.add(load_caller_key(path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys == {path.read_bytes()}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_that_others_may_read_is_refused_in_one_line(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "caller.key"
    path.write_bytes(KEY)
    path.chmod(mode)
    assert _refusal(path) == (
        f"the callers' key {path} is open to others ({mode:04o}): chmod 600 {path}"
    )


def test_a_short_key_is_refused_and_not_told(tmp_path: Path) -> None:
    path = tmp_path / "caller.key"
    path.write_bytes(b"letmein")
    path.chmod(0o600)
    assert "has 7 bytes, and 32 are the least" in _refusal(path)
    assert "letmein" not in _refusal(path)


def test_a_folder_where_the_key_should_be_is_refused_in_one_line(tmp_path: Path) -> None:
    assert "cannot be used: Is a directory" in _refusal(tmp_path)


def _refusal(path: Path) -> str:
    with pytest.raises(CallerKeyError) as caught:
        load_caller_key(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_with_no_days_to_remember_nobody_is_known_and_no_key_is_made(tmp_path: Path) -> None:
    assert build_caller_hasher(Settings(home=tmp_path, caller_days=0))(NUMBER) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("consent", [True, False])
def test_the_number_is_in_nothing_that_a_call_says(tmp_path: Path, consent: bool) -> None:  # noqa: FBT001
    written(tmp_path / "call.wav", STEREO)
    facts = {"caller": NUMBER, "analysis_consent": consent, "agent_id": "a"}
    (tmp_path / "call.json").write_text(json.dumps(facts), encoding="utf-8")
    call = load_call(ReplayInput(tmp_path / "call.wav"), hash_caller=KOREA.hash_number)
    messages = [maker.make(AT) for _, _, maker in build_timeline(call, "one")]
    assert call.caller == (KOREA.hash_number(NUMBER) if consent else ""), (
        "recognising needs consent"
    )
    said = repr(call) + "".join(
        f"{message!r}{message.value()!r}{message.headers(source='/test')!r}" for message in messages
    )
    assert_unsaid(said)


def test_a_number_on_the_command_goes_before_the_sheet_s(tmp_path: Path) -> None:
    written(tmp_path / "call.wav", STEREO)
    given_here = ReplayInput(tmp_path / "call.wav", caller=NUMBER)
    assert_unsaid(repr(given_here))
    assert load_call(given_here, hash_caller=KOREA.hash_number).caller == KOREA.hash_number(NUMBER)
    assert load_call(given_here).caller == "", "who does not ask for callers learns of none"


def test_neither_key_nor_number_is_in_what_a_traceback_shows() -> None:
    assert repr(KOREA) == "CallerHasher(region='KR')"


def assert_unsaid(said: str) -> None:
    for spelling in (NUMBER, "01023456789", "1023456789", "2345-6789", "23456789"):
        assert spelling not in said
