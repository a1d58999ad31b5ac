"""Recordings as recorders write them: dead in the middle, rolled over, with chunks of their own."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.utterance import SAMPLE_RATE
from streams.ingest.replay.decoder import decode
from streams.ingest.replay.input_file import RecordingError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from streams.ingest.replay.decoder import AudioTrack

SECONDS = 8
SOUND: NDArray[np.int16] = (
    np.random.default_rng(11).standard_normal((SECONDS * SAMPLE_RATE, 2)) * 2_000
).astype(np.int16)
PCM = struct.pack("<HHIIHH", 1, 2, SAMPLE_RATE, 4 * SAMPLE_RATE, 4, 16)


def chunk(name: bytes, content: bytes, *, padded: bool = True) -> bytes:
    padding = b"\0" if padded and len(content) % 2 else b""
    return name + struct.pack("<I", len(content)) + content + padding


def wav(  # noqa: PLR0913 - what a recorder may do
    *,
    fmt: bytes = PCM,
    sound: bytes = SOUND.tobytes(),
    size: int | None = None,
    before: bytes = b"",
    between: bytes = b"",
    after: bytes = b"",
) -> bytes:
    data = b"data" + struct.pack("<I", len(sound) if size is None else size) + sound
    body = b"WAVE" + before + chunk(b"fmt ", fmt) + between + data + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


def play(tmp_path: Path, content: bytes) -> AudioTrack:
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    return decode(path)


def coded(coding: str, container: str = "WAV") -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, SOUND[:, 0], SAMPLE_RATE, coding, format=container)
    return stream.getvalue()


def with_size(content: bytes, size: int) -> bytes:
    at = content.index(b"data") + 4
    return content[:at] + struct.pack("<I", size) + content[at + 4 :]


def lying(name: bytes, size: int) -> bytes:
    """A chunk of four bytes that says another size."""
    return name + struct.pack("<I", size) + b"INFO"


QUIET = {
    "44 bytes too large": wav(size=SOUND.nbytes + 44),
    "8 bytes too large": wav(size=SOUND.nbytes + 8),
    "of a pipe (ffmpeg)": wav(size=0xFFFF_FFFF),
    "of a pipe (SoX)": wav(size=0x7FFF_F024),
    "an odd chunk without padding": wav(between=chunk(b"LIST", b"INFOabc", padded=False)),
    "a recorder's own odd chunk": wav(between=chunk(b"nice", b"12345", padded=False)),
    "junk before the format": wav(before=chunk(b"JUNK", b"\0" * 28)),
    "ten zero bytes between chunks": wav(between=b"\0" * 10),
    "a list behind the sound": wav(after=chunk(b"LIST", b"INFO1234")),
    "a hundred bytes behind the sound": wav(after=bytes(range(100))),
    "a frame size that is wrong": wav(fmt=PCM[:12] + struct.pack("<HH", 2, 16)),
    "no bits a sample": wav(fmt=PCM[:14] + b"\0\0"),
    "two formats": wav(between=chunk(b"fmt ", PCM)),
    "an empty sound before the sound": wav(between=chunk(b"data", b"")),
    "a list that claims more than the file": wav(between=lying(b"LIST", 10**6)),
    "a list that claims everything": wav(between=lying(b"LIST", 0xFFFF_FFFF)),
    "a list longer than it says": wav(between=lying(b"LIST", 4) + b"abcdefgh"),
    "zeros allocated in advance": wav(after=bytes(200_000)),
    "a text behind the sound": wav(after="<call agent='민지'/>\n".encode() * 4_000),
    "a tag behind the sound": wav(after=b"ID3\x03\0\0" + bytes(range(256)) * 400),
    "a size of eight hours": wav(size=1_000_000_000),
    "a header before a whole file": wav(sound=wav(), size=0xFFFF_FFFF),
    "a header of size 0 before a whole file": wav(sound=wav(), size=0),
    "a BW64 of 32 bits": b"BW64" + wav()[4:],
    "an RF64 without its sizes": b"RF64" + wav(size=0xFFFF_FFFF)[4:],
    "a tag before the file": b"ID3\x03\0\0\0\0\x01\0" + bytes(128) + wav(),
    "the sound before its format": b"RIFF\0\0\0\0WAVE"
    + chunk(b"data", SOUND.tobytes())
    + chunk(b"fmt ", PCM),
}

WARNED = {
    "size 0": (wav(size=0), "0.0 s of sound, and more follows"),
    "the size of half of it": (wav(size=SOUND.nbytes // 2), "4.0 s of sound, and more follows"),
    "ten seconds too much": (wav(size=SOUND.nbytes + 320_000), "its last 10.0 s are missing"),
    "two recordings in one file": (wav() + wav(), "only the first is played"),
    "two whose sizes are 0": (wav(size=0) + wav(size=0), "only the first is played"),
    "two, the second with a chunk first": (
        wav(size=0) + wav(before=chunk(b"bext", bytes(602))),
        "only the first is played",
    ),
    "two with zeros between": (wav() + bytes(200_000) + wav(), "only the first is played"),
    "two sounds in one file": (wav(after=chunk(b"data", SOUND.tobytes())), "only the first"),
    "two whose sizes are unknown": (wav(size=0xFFFF_FFFF) + wav(), "only the first is played"),
}


@pytest.mark.parametrize("content", QUIET.values(), ids=QUIET)
def test_what_is_odd_and_loses_nothing_is_played_without_a_word(
    tmp_path: Path, content: bytes
) -> None:
    track = play(tmp_path, content)
    np.testing.assert_array_equal(track.samples, SOUND)
    assert track.warnings == ()


@pytest.mark.parametrize(("content", "words"), WARNED.values(), ids=WARNED)
def test_what_may_lose_sound_is_played_with_one_true_warning(
    tmp_path: Path, content: bytes, words: str
) -> None:
    track = play(tmp_path, content)
    np.testing.assert_array_equal(track.samples, SOUND)
    assert len(track.warnings) == 1
    assert words in track.warnings[0]
    assert "playing 8.0 s" in track.warnings[0]


@pytest.mark.parametrize(
    "coding", ["GSM610", "G721_32", "IMA_ADPCM", "MS_ADPCM", "NMS_ADPCM_32", "ULAW", "ALAW"]
)
@pytest.mark.parametrize("size", [None, 0, "44 too large"])
def test_telephone_codings_are_played_whatever_their_size_field_says(
    tmp_path: Path, coding: str, size: object
) -> None:
    content = coded(coding)
    plain = play(tmp_path, content)
    if size is not None:
        held = struct.unpack_from("<I", content, content.index(b"data") + 4)[0]
        content = with_size(content, 0 if size == 0 else held + 44)
    track = play(tmp_path, content)
    assert abs(len(track.samples) - SECONDS * SAMPLE_RATE) < SAMPLE_RATE // 20
    whole = min(len(track.samples), len(plain.samples))
    np.testing.assert_array_equal(track.samples[:whole], plain.samples[:whole])
    assert len(track.warnings) == (size == 0)


@pytest.mark.parametrize("behind", [b"<call id='1'/>\n" * 300, b"ID3\x03\0\0" + b"TXXX\0\0" * 500])
def test_a_note_behind_a_gsm_recording_is_not_played_as_sound(
    tmp_path: Path, behind: bytes
) -> None:
    content = coded("GSM610")
    track = play(tmp_path, content + behind)
    np.testing.assert_array_equal(track.samples, play(tmp_path, content).samples)
    assert track.warnings == ()


def headerless_gsm() -> bytes:
    stream = io.BytesIO()
    form = {"format": "RAW", "subtype": "GSM610", "samplerate": SAMPLE_RATE, "channels": 1}
    with soundfile.SoundFile(stream, "w", **form) as file:
        file.write(SOUND[:, 0])
    return stream.getvalue()


@pytest.mark.parametrize("cut", [0, 10])
def test_gsm_without_a_header_is_known_by_its_frames(tmp_path: Path, cut: int) -> None:
    content = headerless_gsm()
    track = play(tmp_path, content[: len(content) - cut])
    assert abs(len(track.samples) - SECONDS * SAMPLE_RATE) <= 160
    louder = np.corrcoef(track.samples[:63_000, 0], SOUND[:63_000, 0])[0, 1]
    assert louder > 0.4, "a lossy coder of noise, but the same sound"
    assert track.warnings == ()


@pytest.mark.parametrize("behind", ["the size of half of it", "two in one file"])
def test_an_au_file_does_not_lose_sound_without_a_word(tmp_path: Path, behind: str) -> None:
    content = coded("ULAW", "AU")
    half = (len(content) - 24) // 2
    odd = content[:8] + struct.pack(">I", half) + content[12:]
    track = play(tmp_path, odd if behind.startswith("the size") else content + content)
    np.testing.assert_array_equal(track.samples, play(tmp_path, content).samples)
    assert len(track.warnings) == 1


def test_of_two_ogg_recordings_in_one_file_the_first_is_played_and_said_so(
    tmp_path: Path,
) -> None:
    content = coded("VORBIS", "OGG")
    assert play(tmp_path, content).warnings == ()
    track = play(tmp_path, content + content)
    assert len(track.samples) == SECONDS * SAMPLE_RATE
    assert "only the first is played" in track.warnings[0]


@pytest.mark.parametrize("coding", ["G721_32", "G723_24", "G723_40"])
def test_g721_and_g723_in_au_are_played(tmp_path: Path, coding: str) -> None:
    track = play(tmp_path, coded(coding, "AU"))
    assert abs(len(track.samples) - SECONDS * SAMPLE_RATE) < SAMPLE_RATE // 20
    assert track.warnings == ()


@pytest.mark.parametrize("container", ["AU", "W64", "NIST", "RF64", "VOC"])
def test_other_containers_of_recorders_are_played(tmp_path: Path, container: str) -> None:
    track = play(tmp_path, coded("PCM_16", container))
    np.testing.assert_array_equal(track.samples[:, 0], SOUND[:, 0])
    assert track.warnings == ()


def test_an_au_file_whose_recorder_died_is_played_to_its_end(tmp_path: Path) -> None:
    content = coded("ULAW", "AU")
    track = play(tmp_path, content[:8] + b"\0\0\0\0" + content[12:])
    np.testing.assert_array_equal(track.samples, play(tmp_path, content).samples)
    assert len(track.warnings) == 1


@pytest.mark.parametrize(("number", "name"), [(0x83, "G.729"), (0x45, "G.726"), (0x55, "MP3")])
def test_a_coding_that_is_unknown_here_is_named(tmp_path: Path, number: int, name: str) -> None:
    fmt = struct.pack("<HHIIHHH", number, 1, SAMPLE_RATE, 1_000, 10, 0, 0)
    with pytest.raises(RecordingError, match=f"coded as {name}.*ffmpeg"):
        play(tmp_path, wav(fmt=fmt, sound=b"\x12\x34" * 8_000))


DAMAGED = {
    "plain": wav(),
    "size 0": wav(size=0),
    "two": wav() + wav(),
    "GSM": coded("GSM610"),
}


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["plain", "size 0", "two", "GSM"]),
    cut=st.integers(0, 400),
    place=st.integers(0, 120),
    byte=st.integers(0, 255),
)
def test_any_damage_to_a_header_is_played_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, kind: str, cut: int, place: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("any") / "call.wav"
    content = DAMAGED[kind]
    damaged = bytearray(content[: len(content) - cut])
    damaged[place] = byte
    path.write_bytes(damaged)
    messages: tuple[str, ...]
    try:
        messages = decode(path).warnings
    except RecordingError as error:
        messages = (str(error),)
    assert all("\n" not in message for message in messages)
