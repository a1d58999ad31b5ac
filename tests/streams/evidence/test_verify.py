"""Whatever was changed is noticed, and what is no bundle is refused in one line."""

from __future__ import annotations

import hashlib
import io
import struct
import time
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.evidence.archive import ArchiveError, BundleFile, measure, write_zip, zip_size
from streams.evidence.bag import BAGIT_TEXT, build_bag, format_manifest, parse_manifest
from streams.evidence.manifest import Manifest
from streams.evidence.verify import verify

if TYPE_CHECKING:
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


FORMAT_1 = Path(__file__).with_name("format-1.zip")
"""A bundle that the version before BagIt sealed."""

FORMAT_1_SHA256 = "c36b7ae46258146f35dec914d69fdcf844beef766f7d0f2eb96c39cb6993f232"


def problems(content: bytes, folder: Path) -> list[str]:
    file = folder / "it.zip"
    file.write_bytes(content)
    lines = verify(file).problems
    assert not any("\n" in line for line in lines)
    return lines


def parts_of(content: bytes) -> dict[str, bytes]:
    """Every file by its name in the bundle's folder."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def folder_of(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()[0].partition("/")[0] + "/"


def zipped(files: list[BundleFile]) -> bytes:
    target = io.BytesIO()
    write_zip(target, files)
    return target.getvalue()


def sealed_again(parts: dict[str, bytes], folder: str) -> bytes:
    """A bundle of other content in our own form: only its manifests can tell."""
    return zipped([measure(folder + name, content) for name, content in parts.items()])


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


def test_something_before_a_bundle_is_noticed(bundle: bytes, tmp_path: Path) -> None:
    assert problems(b"#!/bin/sh\n" + bundle, tmp_path)


def test_a_bundle_of_the_version_before_is_unchanged_as_it_was_sealed() -> None:
    verdict = verify(FORMAT_1)
    assert (verdict.sha256, verdict.file_count, verdict.problems) == (FORMAT_1_SHA256, 11, [])
    assert isinstance(verdict.record, Manifest)
    assert verdict.record.call.call_id == "bank-ko:20261122-0001"
    assert verdict.record.sealed.by == "seoyeon"


@QUICK
@given(st.data())
def test_any_changed_byte_of_a_bundle_of_the_version_before_is_noticed(
    tmp_path: Path, data: st.DataObject
) -> None:
    changed = bytearray(FORMAT_1.read_bytes())
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    assert problems(bytes(changed), tmp_path)


def test_a_bundle_of_the_version_before_that_was_packed_again_names_what_differs(
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(FORMAT_1) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["transcript.txt"] += b"edited"
    parts["more.txt"] = b"never sealed"
    del parts["moods.json"]
    anew, missing, more, edited = problems(packed(parts), tmp_path)
    assert anew.startswith("it is not the file that was sealed: it was packed anew")
    assert missing == "moods.json is in manifest.json and not in the bundle"
    assert more == "more.txt is in the bundle and not in manifest.json"
    assert edited.startswith("transcript.txt was changed: ")


def test_a_changed_file_a_missing_one_and_a_new_one_are_all_named(
    bundle: bytes, tmp_path: Path
) -> None:
    parts = parts_of(bundle)
    parts["data/alerts.json"] = parts["data/alerts.json"].replace(b"warning", b"notice!")
    parts["READ-ME.txt"] += b" "
    del parts["data/moods.json"]
    parts["data/more.txt"] = b"never sealed"
    parts["more.txt"] = b"never sealed"
    lines = problems(sealed_again(parts, folder_of(bundle)), tmp_path)
    assert [line.split(":")[0] for line in lines] == [
        "READ-ME.txt was changed",
        "data/alerts.json was changed",
        "data/moods.json is in manifest-sha256.txt and not in the bundle",
        "data/more.txt is in the bundle and not in manifest-sha256.txt",
        "more.txt is in the bundle and not in tagmanifest-sha256.txt",
    ]


def test_who_changes_the_manifests_too_is_caught_by_the_hash_outside(
    bundle: bytes, kept: Kept, tmp_path: Path
) -> None:
    folder = folder_of(bundle)
    parts = parts_of(bundle)
    parts["data/transcript.txt"] += b"edited"
    files = [
        measure(name.removeprefix("data/"), text)
        for name, text in parts.items()
        if name.startswith("data/")
    ]
    tags = {"READ-ME.txt": parts["READ-ME.txt"]}
    file = tmp_path / "it.zip"
    file.write_bytes(zipped(build_bag(folder.rstrip("/"), files, info={}, tags=tags)))
    verdict = verify(file)
    assert verdict.problems == []
    assert verdict.sha256 != kept.seal().sha256


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_a_manifest_in_another_spelling_is_noticed(
    bundle: bytes, tmp_path: Path, name: str
) -> None:
    parts = parts_of(bundle)
    parts[name] = b"\n".join(reversed(parts[name].splitlines())) + b"\n"
    lines = problems(sealed_again(parts, folder_of(bundle)), tmp_path)
    assert f"{name} is not written as callmood writes it" in lines


@pytest.mark.parametrize("folder", ["evidence-20200101T000000Z/", ""])
def test_another_folder_is_noticed(bundle: bytes, tmp_path: Path, folder: str) -> None:
    anew, _ = problems(sealed_again(parts_of(bundle), folder), tmp_path)
    assert anew.startswith("it is not the file that was sealed")


def test_names_that_lead_elsewhere_are_problems_even_where_a_manifest_has_them(
    bundle: bytes, tmp_path: Path
) -> None:
    parts = parts_of(bundle)
    parts["data/../../../etc/passwd"] = b"x"
    hashes = parse_manifest("", parts["manifest-sha256.txt"])
    hashes["data/../../../etc/passwd"] = hashlib.sha256(b"x").hexdigest()
    parts["manifest-sha256.txt"] = format_manifest(hashes)
    lines = problems(packed(parts), tmp_path)
    assert "'data/../../../etc/passwd' is a name that no file of a bundle has" in lines


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
    text = parts["data/transcript.txt"]
    parts["data/transcript.txt"] = text.replace("고객".encode(), "손님".encode())
    parts["data/more.txt"] = b"never sealed"
    file = tmp_path / "it.zip"
    file.write_bytes(packed(parts, method=method, folder=folder))
    verdict = verify(file)
    assert verdict.record is not None
    anew, more, edited = verdict.problems
    assert anew.startswith("it is not the file that was sealed: it was packed anew")
    assert more == "data/more.txt is in the bundle and not in manifest-sha256.txt"
    assert edited.startswith("data/transcript.txt was changed: ")


def test_who_packs_the_same_files_again_is_not_taken_for_the_sealed_one(
    bundle: bytes, tmp_path: Path
) -> None:
    anew, same = problems(packed(parts_of(bundle), folder=folder_of(bundle)), tmp_path)
    assert anew.startswith("it is not the file that was sealed")
    assert same.startswith("every file in it is as its manifests say")


def test_a_repacked_file_that_unfolds_to_gigabytes_is_not_unfolded(
    bundle: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "it.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts_of(bundle).items():
            made.writestr(name, content)
        with made.open("data/clips/bomb.flac", "w", force_zip64=True) as bomb:
            for _ in range(9):
                bomb.write(bytes(64 * 1024 * 1024))
    started = time.monotonic()
    tracemalloc.start()
    found = verify(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.record, len(found.problems)) == (None, 1)
    assert peak < 20_000_000
    assert time.monotonic() - started < 5


def test_a_repacked_file_that_lies_about_its_size_is_read_no_further(
    bundle: bytes, tmp_path: Path
) -> None:
    content = bytearray(packed(parts_of(bundle) | {"zeros": bytes(5_000_000)}))
    at = content.rindex(b"PK\1\2")
    struct.pack_into("<I", content, at + 24, 3)
    found = problems(bytes(content), tmp_path)
    assert "zeros is in the bundle and not in tagmanifest-sha256.txt" in found


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


def encrypted(content: bytes) -> bytes:
    """A zip whose first entry says that it is encrypted."""
    changed = bytearray(content)
    changed[6] |= 1
    changed[changed.index(b"PK\1\2") + 8] |= 1
    return bytes(changed)


def twice(name: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(name, b"1")
        archive.writestr(name, b"2")
    return target.getvalue()


BAG = {
    "bagit.txt": BAGIT_TEXT, "manifest-sha256.txt": b"", "tagmanifest-sha256.txt": b"",
}  # fmt: skip
DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is no zip, or it is cut off"),
        (b"no zip at all, but longer than the end of one", "it is no zip"),
        (b"PK\5\6" + bytes(18), "it is no bundle: it has neither bagit.txt nor manifest.json"),
        (ordinary("manifest.json", content=bytes(40_000_000), method=zipfile.ZIP_DEFLATED),
         "manifest.json has 40000000 bytes; at most 8388608 are read"),
        (ordinary("../../etc/passwd"), "it is no bundle"),
        (ordinary("a/b/bagit.txt"), "it is no bundle"),
        (ordinary("a/bagit.txt", "b/bagit.txt"), "it has several bagit.txt"),
        (ordinary("bagit.txt", method=zipfile.ZIP_LZMA), "packed in a way that is not read here"),
        (ordinary("bagit.txt"), "it is no whole bundle: it has no data/bundle.json"),
        (ordinary(*(f"x{number}" for number in range(20_001))), "index is too large"),
        (encrypted(ordinary("bagit.txt")), "bagit.txt is encrypted; no bundle is"),
        (twice("a"), "two entries are called a"),
        (packed(BAG | {"data/bundle.json": b"{}"}), "data/bundle.json is not what a bundle has"),
        (packed(BAG | {"data/bundle.json": DEEP}), "data/bundle.json is not what a bundle has"),
        (packed(BAG | {"data/bundle.json": b"\xff\0"}), "data/bundle.json is not what a bundle"),
        (packed(BAG | {"data/bundle.json": bytes(9_000_000)}), "at most 8388608 are read"),
        (zipped([measure("manifest.json", b"{}")]), "manifest.json is not what a bundle has"),
        (zipped([measure("manifest.json", DEEP)]), "manifest.json is not what a bundle has"),
    ],
)  # fmt: skip
def test_what_is_no_bundle_is_refused_in_one_line(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (problem,) = problems(content, tmp_path)
    assert says in problem


@pytest.mark.parametrize("name", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
@pytest.mark.parametrize(
    "text", [b"no hash\n", b"a" * 64 + b"  data/x\n" + b"b" * 64 + b"  data/x\n", b"\xff" * 99]
)
def test_a_manifest_that_is_none_is_refused_in_one_line(
    bundle: bytes, tmp_path: Path, name: str, text: bytes
) -> None:
    (problem,) = problems(packed(parts_of(bundle) | {name: text}), tmp_path)
    assert problem.startswith(f"{name}: line ")


def claiming(size: int) -> bytes:
    """One entry that says in both places that it has ``size`` bytes."""
    content = bytearray(zipped([measure("manifest.json", b"{}")]))
    index_at = content.rindex(b"PK\1\2")
    for at in (18, 22, index_at + 20, index_at + 24):
        struct.pack_into("<I", content, at, size)
    return bytes(content)


@pytest.mark.parametrize(
    ("size", "says"),
    [
        (3, "manifest.json cannot be read"),
        (10_000, "manifest.json cannot be read"),
        (0xFFFF_FFFE, "it claims more than a bundle may have"),
        (0xFFFF_FFFF, "it claims more than a bundle may have"),
    ],
)
def test_an_entry_that_claims_more_than_there_is_is_refused(
    tmp_path: Path, size: int, says: str
) -> None:
    (problem,) = problems(claiming(size), tmp_path)
    assert says in problem


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
    large = tmp_path / "large"
    with large.open("wb") as target:
        target.truncate(80_000_000)
    folder = folder_of(bundle)
    file = tmp_path / "it.zip"
    with file.open("wb") as target:
        whole = [measure(folder + name, content) for name, content in parts_of(bundle).items()]
        whole.append(measure(f"{folder}data/clips/00000000.flac", large))
        write_zip(target, whole)
    assert file.stat().st_size == zip_size(whole)
    tracemalloc.start()
    lines = verify(file).problems
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == ["data/clips/00000000.flac is in the bundle and not in manifest-sha256.txt"]
    assert peak < 10_000_000


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/../b", "/a", "a//b", "a\\b", "a b", "\u202e", "가"]
)
def test_no_entry_is_written_under_a_name_that_could_lead_elsewhere(name: str) -> None:
    with pytest.raises(ArchiveError, match="no entry can be called"):
        zipped([measure(name, b"")])


def test_a_file_that_changes_while_it_is_sealed_is_no_evidence(tmp_path: Path) -> None:
    file = tmp_path / "clip"
    file.write_bytes(b"before")
    part = measure("clip", file)
    file.write_bytes(b"after!")
    with pytest.raises(ArchiveError, match="changed while it was being sealed"):
        zipped([part])


def test_the_same_files_in_any_order_give_the_same_zip() -> None:
    files = [measure("b/2", b"two"), measure("a", b"one"), measure("b/1", b"three")]
    assert zipped(files) == zipped(files[::-1])
