"""Whatever was changed is noticed, and what is no bundle is refused in one line."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.evidence.archive import ArchiveError, Measured, measured, size_of, write
from streams.evidence.manifest import Manifest
from streams.evidence.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    from tests.streams.evidence.conftest import Kept

QUICK = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def bundle(kept: Kept) -> bytes:
    """A sealed call, without its clips so that the properties are quick."""
    for clip in kept.settings.clips.rglob("*.flac"):
        clip.unlink()
    return kept.path(kept.seal()).read_bytes()


def problems(content: bytes, folder: Path) -> list[str]:
    file = folder / "it.zip"
    file.write_bytes(content)
    found = verify(file).problems
    assert not any("\n" in problem for problem in found)
    return found


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def zipped(parts: list[Measured]) -> bytes:
    target = io.BytesIO()
    write(target, parts)
    return target.getvalue()


def sealed_again(parts: dict[str, bytes]) -> bytes:
    """A bundle of other content in our own form: only the manifest can tell."""
    return zipped([measured(name, content) for name, content in parts.items()])


def test_a_bundle_is_unchanged_as_it_was_sealed(bundle: bytes, tmp_path: Path) -> None:
    assert problems(bundle, tmp_path) == []


@QUICK
@given(st.data())
def test_any_changed_byte_is_noticed(bundle: bytes, tmp_path: Path, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(bundle) - 1))
    change = data.draw(st.integers(1, 255))
    changed = bytearray(bundle)
    changed[at] ^= change
    assert problems(bytes(changed), tmp_path)


@QUICK
@given(st.data())
def test_a_bundle_cut_off_anywhere_is_noticed(
    bundle: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    assert problems(bundle[: data.draw(st.integers(0, len(bundle) - 1))], tmp_path)


@QUICK
@given(st.binary(max_size=400))
def test_bytes_that_are_no_bundle_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    assert len(problems(content, tmp_path)) == 1


@pytest.mark.parametrize("end", [b"x", b"PK\5\6" + bytes(18)])
def test_something_behind_a_bundle_is_noticed(bundle: bytes, tmp_path: Path, end: bytes) -> None:
    assert problems(bundle + end, tmp_path)


def test_a_changed_file_a_missing_one_and_a_new_one_are_all_named(
    bundle: bytes, tmp_path: Path
) -> None:
    parts = parts_of(bundle)
    parts["alerts.json"] = parts["alerts.json"].replace(b"warning", b"notice!")
    parts["steps.json"] += b" "
    del parts["moods.json"]
    parts["more.txt"] = b"never sealed"
    said = [problem.split(":")[0] for problem in problems(sealed_again(parts), tmp_path)]
    steps = len(parts["steps.json"])
    assert said == [
        "'moods.json' is in manifest.json and not in the bundle",
        "alerts.json was changed",
        "more.txt is in the bundle and not in manifest.json",
        f"steps.json has {steps} bytes instead of {steps - 1}",
    ]


def test_who_changes_the_manifest_too_is_caught_by_the_hash_outside(
    bundle: bytes, kept: Kept, tmp_path: Path
) -> None:
    parts = parts_of(bundle)
    manifest = Manifest.model_validate_json(parts["manifest.json"])
    nobody = manifest.sealed.model_copy(update={"by": "nobody"})
    parts["manifest.json"] = manifest.model_copy(update={"sealed": nobody}).to_bytes()
    file = tmp_path / "it.zip"
    file.write_bytes(sealed_again(parts))
    verdict = verify(file)
    assert verdict.problems == []
    assert verdict.sha256 != kept.seal().sha256


def test_a_manifest_in_another_spelling_is_noticed(bundle: bytes, tmp_path: Path) -> None:
    parts = parts_of(bundle)
    parts["manifest.json"] += b" "
    anew, spelling = problems(sealed_again(parts), tmp_path)
    assert anew.startswith("it is not the file that was sealed")
    assert spelling == "manifest.json is not written as callmood writes it"


def packed(
    parts: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, folder: str = ""
) -> bytes:
    """By an ordinary zip program."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        for name, content in parts.items():
            made.writestr(folder + name, content)
    return target.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("folder", ["", "evidence/"])
@pytest.mark.parametrize("order", [1, -1], ids=["same-order", "other-order"])
def test_who_unpacks_edits_and_packs_again_is_told_which_files_differ(
    bundle: bytes, tmp_path: Path, *, method: int, folder: str, order: int
) -> None:
    parts = dict(list(parts_of(bundle).items())[::order])
    text = parts["transcript.txt"]
    parts["transcript.txt"] = text.replace("고객".encode(), "손님".encode())
    parts["more.txt"] = b"never sealed"
    file = tmp_path / "it.zip"
    file.write_bytes(packed(parts, method=method, folder=folder))
    verdict = verify(file)
    assert verdict.manifest is not None
    anew, more, edited = verdict.problems
    assert anew.startswith("it is not the file that was sealed: it was packed anew")
    assert more == "more.txt is in the bundle and not in manifest.json"
    assert edited.startswith("transcript.txt was changed: ")


def test_who_packs_the_same_files_again_is_not_taken_for_the_sealed_one(
    bundle: bytes, tmp_path: Path
) -> None:
    anew, same = problems(packed(parts_of(bundle)), tmp_path)
    assert anew.startswith("it is not the file that was sealed")
    assert same.startswith("every file in it is as manifest.json says")


def test_a_repacked_file_that_unfolds_to_gigabytes_is_not_unfolded(
    bundle: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "it.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts_of(bundle).items():
            made.writestr(name, content)
        with made.open("clips/bomb.flac", "w", force_zip64=True) as bomb:
            for _ in range(9):
                bomb.write(bytes(64 * 1024 * 1024))
    started = time.monotonic()
    tracemalloc.start()
    found = verify(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.manifest, len(found.problems)) == (None, 1)
    assert peak < 20_000_000
    assert time.monotonic() - started < 5


def test_a_repacked_file_that_lies_about_its_size_is_read_no_further(
    bundle: bytes, tmp_path: Path
) -> None:
    content = bytearray(packed(parts_of(bundle) | {"zeros": bytes(5_000_000)}))
    at = content.rindex(b"PK\1\2")
    struct.pack_into("<I", content, at + 24, 3)
    found = problems(bytes(content), tmp_path)
    assert "zeros is in the bundle and not in manifest.json" in found


def test_strange_names_in_a_repacked_file_stay_in_one_line_and_are_not_all_told(
    bundle: bytes, tmp_path: Path
) -> None:
    parts = parts_of(bundle) | {f"../a\n{number}\u202e": b"" for number in range(200)}
    found = problems(packed(parts), tmp_path)
    assert len(found) < 60
    assert found[-1].startswith("and ")
    assert all(one.isascii() for one in found)


@QUICK
@given(st.data())
def test_a_repacked_bundle_with_a_changed_byte_never_breaks_the_check(
    bundle: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(packed(parts_of(bundle)))
    for _ in range(3):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    assert problems(bytes(content), tmp_path)


def ordinary(*names: str, method: int = zipfile.ZIP_STORED, content: bytes = b"{}") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        for name in names:
            made.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "too short"),
        (b"no zip at all, but longer than the end of one", "no zip"),
        (ordinary("manifest.json", content=bytes(40_000_000), method=zipfile.ZIP_DEFLATED),
         "not as a bundle has it"),
        (ordinary("../../etc/passwd"), "a name that no bundle has"),
        (ordinary("/etc/passwd"), "a name that no bundle has"),
        (ordinary("C:\\windows"), "a name that no bundle has"),
        (ordinary("x" * 500), "index is not where a bundle has it, or is too large"),
        (zipped([measured("a", b"1"), measured("a", b"2")]), "two entries are called a"),
        (zipped([measured("a", b"1")]), "its first file is not manifest.json"),
        (zipped([measured("manifest.json", b"{}")]), "manifest.json is not what a bundle has"),
        (zipped([measured("manifest.json", b"[" * 100_000)]), "manifest.json is not what"),
        (zipped([measured("manifest.json", b"\xff\x00")]), "manifest.json is not what"),
        (zipped([measured("manifest.json", bytes(9_000_000))]), "at most 8388608 are read"),
    ],
)  # fmt: skip
def test_what_is_no_bundle_is_refused_in_one_line(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (problem,) = problems(content, tmp_path)
    assert says in problem


def claiming(size: int) -> bytes:
    """One entry that says in both places that it has ``size`` bytes."""
    content = bytearray(zipped([measured("manifest.json", b"{}")]))
    index_at = content.rindex(b"PK\1\2")
    for at in (18, 22, index_at + 20, index_at + 24):
        struct.pack_into("<I", content, at, size)
    return bytes(content)


@pytest.mark.parametrize("size", [3, 10_000, 0xFFFF_FFFF])
def test_an_entry_that_claims_more_than_there_is_is_refused(tmp_path: Path, size: int) -> None:
    (problem,) = problems(claiming(size), tmp_path)
    assert "claims more than there is" in problem


def test_a_file_of_ten_gigabytes_is_refused_at_once_and_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.zip"
    with file.open("wb") as target:
        target.truncate(10 * 1024**3)
    started = time.monotonic()
    (problem,) = verify(file).problems
    assert "more than the" in problem
    assert time.monotonic() - started < 5


def test_checking_a_large_bundle_does_not_need_its_size_in_memory(
    bundle: bytes, tmp_path: Path
) -> None:
    parts = parts_of(bundle)
    large = tmp_path / "large"
    with large.open("wb") as target:
        target.truncate(80_000_000)
    file = tmp_path / "it.zip"
    with file.open("wb") as target:
        whole = [*(measured(name, content) for name, content in parts.items()),
                 measured("clips/00000000.flac", large)]  # fmt: skip
        write(target, whole)
        assert target.tell() == size_of(whole)
    tracemalloc.start()
    found = verify(file).problems
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == ["clips/00000000.flac is in the bundle and not in manifest.json"]
    assert peak < 10_000_000


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/../b", "/a", "a//b", "a\\b", "a b", "\u202e", "가"]
)
def test_no_entry_is_written_under_a_name_that_could_lead_elsewhere(name: str) -> None:
    with pytest.raises(ArchiveError, match="no entry can be called"):
        zipped([measured(name, b"")])


def test_a_file_that_changes_while_it_is_sealed_is_no_evidence(tmp_path: Path) -> None:
    file = tmp_path / "clip"
    file.write_bytes(b"before")
    part = measured("clip", file)
    file.write_bytes(b"after!")
    with pytest.raises(ArchiveError, match="changed while it was being sealed"):
        zipped([part])
