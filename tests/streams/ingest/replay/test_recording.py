"""Recordings of any kind become telephone sound; what cannot is refused in one line."""

from __future__ import annotations

import os
import struct
import time
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.utterance import SAMPLE_RATE, Speaker
from streams.ingest.replay import decoder as subject
from streams.ingest.replay.input_file import RecordingError
from streams.ingest.replay.recording import open_pair, open_recording

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LEFT_HZ, RIGHT_HZ = 440.0, 1_000.0
RATES = (8_000, 11_025, 16_000, 44_100, 48_000)
WAV_CODINGS = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
FLAC_CODINGS = ("PCM_16", "PCM_24")
OTHER_FORMATS = (
    ("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("AIFF", "PCM_16"),
    ("AIFF", "ALAW"), ("AU", "ULAW"), ("AU", "PCM_16"), ("CAF", "PCM_16"), ("CAF", "ALAC_16"),
)  # fmt: skip


def tone(hz: float, *, rate: int = SAMPLE_RATE, seconds: float = 2.0) -> NDArray[np.float64]:
    return 0.4 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def two_tones(rate: int = SAMPLE_RATE, seconds: float = 2.0) -> NDArray[np.float64]:
    sides = [tone(hz, rate=rate, seconds=seconds) for hz in (LEFT_HZ, RIGHT_HZ)]
    return np.stack(sides, axis=1)


def written(
    path: Path, sound: NDArray[np.float64], *, rate: int = SAMPLE_RATE, coding: str = "PCM_16"
) -> Path:
    kind = "FLAC" if path.suffix == ".flac" else "WAV"
    soundfile.write(path, sound, rate, format=kind, subtype=coding)
    return path


def pitch(samples: NDArray[np.int16]) -> float:
    """The strongest frequency, Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * SAMPLE_RATE / len(samples))


def distortion(samples: NDArray[np.int16], hz: float) -> float:
    """What is left beside the tone ``hz``, as a part of it. The edges do not count."""
    inner = samples[800:-800].astype(np.float64)
    at = 2 * np.pi * hz * np.arange(len(inner)) / SAMPLE_RATE
    basis = np.stack([np.sin(at), np.cos(at)], axis=1)
    fit = basis @ np.linalg.lstsq(basis, inner, rcond=None)[0]
    return float(np.linalg.norm(inner - fit) / np.linalg.norm(fit))


def refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        open_recording(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("coding", WAV_CODINGS)
def test_a_tone_survives_every_rate_and_coding(tmp_path: Path, rate: int, coding: str) -> None:
    path = written(tmp_path / "call.wav", two_tones(rate), rate=rate, coding=coding)
    recording = open_recording(path)
    assert recording.samples.dtype == np.int16
    assert abs(recording.duration_ms - 2_000) <= 1
    for speaker, hz in ((Speaker.AGENT, LEFT_HZ), (Speaker.CUSTOMER, RIGHT_HZ)):
        assert distortion(recording.channel(speaker), hz) < 0.03
        assert abs(int(recording.channel(speaker).max()) - 0.4 * 32_768) < 400
    assert recording.warnings == ()


@pytest.mark.parametrize("coding", FLAC_CODINGS)
def test_flac_is_read_like_wav(tmp_path: Path, coding: str) -> None:
    flac = written(tmp_path / "call.flac", two_tones(44_100), rate=44_100, coding=coding)
    wav = written(tmp_path / "call.wav", two_tones(44_100), rate=44_100, coding=coding)
    apart = open_recording(flac).samples.astype(int) - open_recording(wav).samples
    assert np.abs(apart).max() <= 1


@pytest.mark.parametrize(("kind", "coding"), OTHER_FORMATS)
@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_other_formats_are_read_like_wav(tmp_path: Path, kind: str, coding: str, rate: int) -> None:
    if coding == "OPUS" and rate == 44_100:
        pytest.skip("Opus has no such rate")
    path = tmp_path / "call.bin"
    soundfile.write(path, two_tones(rate), rate, format=kind, subtype=coding)
    recording = open_recording(path)
    assert recording.warnings == ()
    assert abs(recording.duration_ms - 2_000) <= 30  # some coders fill up their last block
    for speaker, hz in ((Speaker.AGENT, LEFT_HZ), (Speaker.CUSTOMER, RIGHT_HZ)):
        assert pitch(recording.channel(speaker)) == pytest.approx(hz, abs=1)
        assert distortion(recording.channel(speaker), hz) < 0.06


@pytest.mark.parametrize("tag", [b"", b"ID3\x04\x00\x00" + bytes([0, 0, 1, 72]) + bytes(200)])
def test_mp3_named_wav_is_played_with_or_without_a_tag(tmp_path: Path, tag: bytes) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, two_tones(), SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III")
    path.write_bytes(tag + path.read_bytes())
    recording = open_recording(path)
    assert pitch(recording.channel(Speaker.CUSTOMER)) == pytest.approx(RIGHT_HZ, abs=1)


def without_first_frame(path: Path) -> Path:
    """The MP3 as a recorder writes it to a pipe: the frame that says the length is missing."""
    content = path.read_bytes()
    path.write_bytes(content[content.index(content[:2], 4) :])
    return path


def test_an_mp3_that_does_not_say_its_length_is_played_where_its_size_tells(
    tmp_path: Path,
) -> None:
    path = tmp_path / "call.mp3"
    soundfile.write(
        path, two_tones(seconds=20.0), SAMPLE_RATE,
        format="MP3", bitrate_mode="CONSTANT", compression_level=0.3,
    )  # fmt: skip
    recording = open_recording(without_first_frame(path))
    assert recording.duration_ms == pytest.approx(20_000, abs=300)
    assert recording.warnings == ()


def test_an_mp3_whose_length_nobody_knows_is_refused_and_not_played_by_half(
    tmp_path: Path,
) -> None:
    path = tmp_path / "call.mp3"
    sound = two_tones(seconds=20.0)
    sound[len(sound) // 2 :] = 0
    soundfile.write(path, sound, SAMPLE_RATE, format="MP3", bitrate_mode="VARIABLE")
    what = "is an MP3 of a variable bit rate that does not say how long it is"
    todo = f"convert it to WAV or FLAC, e.g. ffmpeg -i {path} {path.with_suffix('.flac')}"
    assert refusal(without_first_frame(path)) == f"{path}: {what}; {todo}"


def test_mp3_inside_a_wav_is_played(tmp_path: Path) -> None:
    bare = tmp_path / "bare.mp3"
    soundfile.write(bare, two_tones(44_100), 44_100, format="MP3", bitrate_mode="CONSTANT")
    sound = bare.read_bytes()
    form = struct.pack("<HHIIHHHHIHHH", 0x55, 2, 44_100, 16_000, 1, 0, 12, 1, 2, 417, 1, 0)
    fact = b"fact" + struct.pack("<II", 4, 88_200)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + fact
    body += b"data" + struct.pack("<I", len(sound)) + sound
    path = tmp_path / "call.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    recording = open_recording(path)
    assert pitch(recording.channel(Speaker.AGENT)) == pytest.approx(LEFT_HZ, abs=1)
    assert recording.warnings == ()


def test_a_recording_is_recognised_by_its_content(tmp_path: Path) -> None:
    path = written(tmp_path / "call.flac", two_tones())
    assert len(open_recording(path.rename(tmp_path / "call.bin")).samples) == 16_000


def test_telephone_sound_comes_through_bit_for_bit(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).integers(-32_768, 32_768, (20_000, 2)).astype(np.int16)
    soundfile.write(tmp_path / "call.wav", sound, SAMPLE_RATE, "PCM_16")
    recording = open_recording(tmp_path / "call.wav", customer_side="left")
    assert np.array_equal(recording.samples, sound)


@pytest.mark.parametrize("big_endian", [False, True])
def test_both_byte_orders_and_the_64_bit_header_are_wav(tmp_path: Path, big_endian: bool) -> None:  # noqa: FBT001
    path = tmp_path / "call.wav"
    kind, endian = ("WAV", "BIG") if big_endian else ("RF64", "FILE")
    soundfile.write(path, two_tones(), SAMPLE_RATE, "PCM_16", format=kind, endian=endian)
    assert open_recording(path).duration_ms == 2_000
    assert open_recording(path).warnings == ()


def test_the_customer_is_on_the_right_unless_told(tmp_path: Path) -> None:
    path = written(tmp_path / "call.wav", two_tones())
    right, left = open_recording(path), open_recording(path, customer_side="left")
    assert pitch(right.channel(Speaker.CUSTOMER)) == pytest.approx(RIGHT_HZ, abs=1)
    assert pitch(left.channel(Speaker.CUSTOMER)) == pytest.approx(LEFT_HZ, abs=1)
    assert pitch(left.channel(Speaker.AGENT)) == pytest.approx(RIGHT_HZ, abs=1)
    assert right.speakers == left.speakers == (Speaker.CUSTOMER, Speaker.AGENT)


@pytest.mark.parametrize("speaker", list(Speaker))
def test_a_mono_file_has_one_side_only(tmp_path: Path, speaker: Speaker) -> None:
    path = written(tmp_path / "side.wav", tone(LEFT_HZ))
    recording = open_recording(path, mono_speaker=speaker)
    assert recording.speakers == (speaker,)
    assert recording.samples.shape == (16_000, 1)
    with pytest.raises(KeyError):
        recording.channel(speaker.other)


def test_a_pair_starts_together_and_lasts_as_long_as_the_longer(tmp_path: Path) -> None:
    customer = written(tmp_path / "c.wav", tone(RIGHT_HZ, rate=44_100), rate=44_100)
    agent = written(tmp_path / "a.flac", tone(LEFT_HZ, seconds=3.0))
    pair = open_pair(customer, agent)
    assert pair.duration_ms == 3_000
    assert pitch(pair.channel(Speaker.CUSTOMER)[:16_000]) == pytest.approx(RIGHT_HZ, abs=1)
    assert pitch(pair.channel(Speaker.AGENT)) == pytest.approx(LEFT_HZ, abs=1)
    assert not pair.channel(Speaker.CUSTOMER)[16_000:].any()


@settings(max_examples=40, deadline=None)
@given(
    rate=st.integers(4_000, 96_000),
    frames=st.integers(100, 30_000),
    channels=st.sampled_from([1, 2]),
)
def test_the_duration_is_kept_at_any_rate(
    tmp_path_factory: pytest.TempPathFactory, rate: int, frames: int, channels: int
) -> None:
    path = tmp_path_factory.mktemp("any") / "call.wav"
    sound = np.random.default_rng(frames).uniform(-0.5, 0.5, (frames, channels))
    recording = open_recording(written(path, sound, rate=rate))
    assert abs(len(recording.samples) - frames * SAMPLE_RATE / rate) <= 1


def test_sound_above_full_scale_is_clipped_and_not_wrapped(tmp_path: Path) -> None:
    sound = 4 * two_tones()
    recording = open_recording(written(tmp_path / "loud.wav", sound, coding="FLOAT"))
    customer = recording.channel(Speaker.CUSTOMER)
    assert (customer.max(), customer.min()) == (32_767, -32_768)
    assert np.array_equal(np.sign(customer[1:100]), np.sign(np.rint(sound[1:100, 1] * 32_768)))


# What cannot be played is refused in one line with the file, what is wrong, and what to do.


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.wav"
    assert refusal(path) == f"{path}: no such file; check the name"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: is a folder; give a recording, e.g. WAV, FLAC or MP3"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.wav"
    os.mkfifo(path)
    assert (
        refusal(path) == f"{path}: is not a regular file; give a recording, e.g. WAV, FLAC or MP3"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_locked_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "call.wav", two_tones())
    path.chmod(0)
    todo = "check its permissions and its disk"
    assert refusal(path) == f"{path}: cannot be read (Permission denied); {todo}"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()
    assert refusal(path) == f"{path}: is empty; record or export the call again"


def test_a_recording_without_samples_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "none.wav", np.zeros((0, 2)))
    assert refusal(path) == f"{path}: holds no sound; record or export the call again"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x20ftypM4A \0\0\2\0", "M4A (MP4)"),
        (b"#!AMR\n\x3c\x48\xf5\x1f\x96\x66", "AMR"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA"),
        (b"\xff\xf1\x6c\x40\x1d\x9f\xfc\xde", "AAC"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81", "Matroska"),
    ],
)
def test_what_cannot_be_decoded_is_named_with_a_line_that_converts_it(
    tmp_path: Path, head: bytes, name: str
) -> None:
    path = tmp_path / "call.mp3"
    path.write_bytes(head + bytes(500))
    line = f"{path}: holds {name} sound although it is named .mp3; convert it to WAV or FLAC, "
    assert refusal(path) == line + f"e.g. ffmpeg -i {path} {path.with_suffix('.flac')}"


def test_a_text_is_no_known_sound(tmp_path: Path) -> None:
    path = tmp_path / "my call.wav"
    path.write_text("네, 상담사입니다.\n", encoding="utf-8")
    todo = f"convert it to WAV or FLAC, e.g. ffmpeg -i '{path}' '{path.with_suffix('.flac')}'"
    assert refusal(path) == f"{path}: is in no sound format that is known here; {todo}"


@pytest.mark.parametrize("name", ["noise.raw", "noise.vox", "noise.gsm", "noise.au", "noise.mp3"])
def test_no_name_makes_sound_of_bytes_that_are_none(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(bytes(range(32, 128)) * 40)
    assert "is in no sound format that is known here" in refusal(path)


def test_more_than_two_channels_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "six.wav", np.zeros((800, 6)))
    todo = "export the customer and the agent only, one channel each"
    assert refusal(path) == f"{path}: has 6 channels; {todo}"


def test_an_absurd_rate_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "slow.wav", two_tones(), rate=100)
    line = f"{path}: has a sampling rate of 100 Hz; export it at 8000 Hz or more"
    assert refusal(path) == line


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_refused_with_its_place(tmp_path: Path, value: float) -> None:
    sound = two_tones()
    sound[10_000, 1] = value
    path = written(tmp_path / "nan.wav", sound, coding="FLOAT")
    what = "has a sample that is not a finite number at 1.250 s"
    assert refusal(path) == f"{path}: {what}; export it again as 16-bit PCM"


def test_one_sound_on_both_sides_is_refused_for_the_agents_sake(tmp_path: Path) -> None:
    path = written(tmp_path / "dual.wav", np.stack([tone(LEFT_HZ)] * 2, axis=1))
    what = "both sides hold the same sound, so the agent would be taken for the customer"
    assert refusal(path) == f"{path}: {what}; export one speaker per channel"


def test_a_pair_is_of_mono_files(tmp_path: Path) -> None:
    mono = written(tmp_path / "mono.wav", tone(LEFT_HZ))
    stereo = written(tmp_path / "stereo.wav", two_tones())
    with pytest.raises(RecordingError) as caught:
        open_pair(mono, stereo)
    todo = "give two mono files, or the stereo file alone"
    assert str(caught.value) == f"{stereo}: has two channels; {todo}"


def test_a_longer_file_than_one_call_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MAX_HOURS", 1 / 3_600)
    path = written(tmp_path / "long.wav", two_tones())
    assert "is longer than " in refusal(path)
    assert refusal(path).endswith("; split it into calls")


def test_hours_of_sound_packed_into_a_small_file_are_refused_before_they_are_unpacked(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bomb.flac"
    silence = np.zeros((SAMPLE_RATE * 600, 1), np.int16)
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, format="FLAC") as file:
        for _ in range(25):  # four hours and ten minutes
            file.write(silence)
    assert path.stat().st_size < 2_000_000
    started = time.monotonic()
    tracemalloc.start()
    line = refusal(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert line == f"{path}: is longer than 4 hours; split it into calls"
    assert peak < 5_000_000
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("kind", "coding"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), *OTHER_FORMATS]
)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_file_of_any_format_is_played_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, kind: str, coding: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("any") / "call.wav"
    soundfile.write(path, two_tones(seconds=0.3), SAMPLE_RATE, format=kind, subtype=coding)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        assert open_recording(path).duration_ms < 2_000
    except RecordingError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017


@settings(max_examples=100, deadline=None)
@given(
    head=st.sampled_from(
        [b"RIFF\xff\xff\xff\x7fWAVE", b"fLaC", b"ID3", b"OggS", b".snd", b"FORM\0\0\1\0AIFF",
         b"caff", b"\xff\xfb", b""]
    ),
    tail=st.binary(),
)  # fmt: skip
def test_any_bytes_are_played_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, tail: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "call.wav"
    path.write_bytes(head + tail)
    try:
        open_recording(path)
    except RecordingError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017


# What is odd but can be played is played, with one line of warning.


@pytest.mark.parametrize("coding", ["PCM_16", "ULAW", "FLOAT"])
def test_a_cut_wav_is_played_with_a_warning_of_what_is_missing(tmp_path: Path, coding: str) -> None:
    path = written(tmp_path / "cut.wav", two_tones(seconds=4.0), coding=coding)
    os.truncate(path, path.stat().st_size * 5 // 8)
    recording = open_recording(path)
    assert abs(recording.duration_ms - 2_500) < 10
    warning = f"{path}: is cut short, its last 1.5 s are missing; playing 2.5 s"
    assert recording.warnings == (warning,)


def test_a_cut_flac_is_played_with_a_warning_of_what_is_missing(tmp_path: Path) -> None:
    path = written(tmp_path / "cut.flac", two_tones(seconds=60.0))
    os.truncate(path, path.stat().st_size // 2)
    recording = open_recording(path)
    assert 28_000 < recording.duration_ms < 31_000
    (warning,) = recording.warnings
    there = recording.duration_ms / 1_000
    line = f"is cut short, its last {60 - there:.1f} s are missing; playing {there:.1f} s"
    assert warning == f"{path}: {line}"


@pytest.mark.parametrize(
    ("kind", "coding"), [("AIFF", "PCM_16"), ("AIFF", "ULAW"), ("AU", "ULAW"), ("AU", "PCM_24")]
)
def test_a_cut_aiff_or_au_is_played_with_the_same_warning(
    tmp_path: Path, kind: str, coding: str
) -> None:
    path = tmp_path / "cut.bin"
    soundfile.write(path, two_tones(seconds=4.0), SAMPLE_RATE, format=kind, subtype=coding)
    os.truncate(path, path.stat().st_size * 5 // 8)
    recording = open_recording(path)
    assert abs(recording.duration_ms - 2_500) < 10
    warning = f"{path}: is cut short, its last 1.5 s are missing; playing 2.5 s"
    assert recording.warnings == (warning,)


def test_a_cut_mp3_is_played_with_one_warning_and_the_decoder_prints_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.mp3"
    soundfile.write(path, two_tones(seconds=60.0), SAMPLE_RATE, format="MP3")
    os.truncate(path, path.stat().st_size // 2)
    recording = open_recording(path)
    present_s = recording.duration_ms / 1_000
    assert 28 < present_s < 32
    line = f"is cut short, its last {60 - present_s:.1f} s are missing; playing {present_s:.1f} s"
    assert recording.warnings == (f"{path}: {line}",)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("coding", ["VORBIS", "OPUS"])
def test_a_cut_ogg_is_played_up_to_where_it_ends_and_said_to_have_no_end(
    tmp_path: Path, coding: str
) -> None:
    path = tmp_path / "cut.ogg"
    soundfile.write(path, two_tones(seconds=60.0), SAMPLE_RATE, format="OGG", subtype=coding)
    os.truncate(path, path.stat().st_size // 2)
    recording = open_recording(path)
    present_s = recording.duration_ms / 1_000
    assert 25 < present_s < 35
    line = "is cut short: it has no end mark, so its last part is missing"
    assert recording.warnings == (f"{path}: {line}; playing {present_s:.1f} s",)


def test_a_cut_caf_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.caf"
    soundfile.write(path, two_tones(), SAMPLE_RATE, format="CAF", subtype="PCM_16")
    os.truncate(path, path.stat().st_size // 2)
    assert "cut.caf: cannot be decoded (" in refusal(path)
    assert refusal(path).endswith("; export it again as WAV or FLAC")


@pytest.mark.parametrize("length", [13, 30, 43])
def test_a_wav_that_ends_in_its_header_is_refused(tmp_path: Path, length: int) -> None:
    path = written(tmp_path / "cut.wav", two_tones())
    os.truncate(path, length)
    assert refusal(path) == f"{path}: ends before its sound begins; record or export the call again"


def test_a_wav_of_zeros_behind_its_first_bytes_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "zeros.wav"
    path.write_bytes(b"RIFF\xff\xff\xff\x7fWAVE")
    os.truncate(path, 2_000_000_000)  # sparse: takes no room
    assert refusal(path) == f"{path}: ends before its sound begins; record or export the call again"


@pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x7FFF_F000])
def test_a_size_that_the_recorder_could_not_know_is_no_promise(tmp_path: Path, size: int) -> None:
    path = written(tmp_path / "piped.wav", two_tones())
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", size)
    path.write_bytes(content)
    recording = open_recording(path)
    assert recording.duration_ms == 2_000
    assert recording.warnings == ()


def test_silence_is_played_with_one_warning(tmp_path: Path) -> None:
    path = written(tmp_path / "quiet.wav", np.zeros((8_000, 2)))
    recording = open_recording(path)
    assert recording.duration_ms == 1_000
    assert recording.warnings == (f"{path}: nothing but silence on both channels",)


def test_silence_on_one_side_is_named(tmp_path: Path) -> None:
    sound = two_tones()
    sound[:, 1] = 0
    path = written(tmp_path / "half.wav", sound)
    warning = f"{path}: nothing but silence on the customer's channel"
    assert open_recording(path).warnings == (warning,)


@pytest.mark.parametrize("agent_s", [10.0, 41.6, 39.0])
def test_legs_of_different_length_are_one_warning_and_not_aligned(
    tmp_path: Path, agent_s: float
) -> None:
    customer = written(tmp_path / "c.wav", tone(RIGHT_HZ, seconds=40.0))
    agent = written(tmp_path / "a.wav", tone(LEFT_HZ, seconds=agent_s))
    recording = open_pair(customer, agent)
    assert not recording.aligned
    (warning,) = recording.warnings
    assert "differ in length (40.0 s and" in warning


@pytest.mark.parametrize("agent_s", [40.0, 40.2, 39.7])
def test_legs_of_about_one_length_are_aligned(tmp_path: Path, agent_s: float) -> None:
    customer = written(tmp_path / "c.wav", tone(RIGHT_HZ, seconds=40.0))
    agent = written(tmp_path / "a.wav", tone(LEFT_HZ, seconds=agent_s))
    recording = open_pair(customer, agent)
    assert (recording.aligned, recording.warnings) == (True, ())


def test_a_leg_whose_lost_end_is_known_shares_the_others_clock(tmp_path: Path) -> None:
    customer = written(tmp_path / "c.wav", tone(RIGHT_HZ, seconds=20.0))
    agent = written(tmp_path / "a.wav", tone(LEFT_HZ, seconds=20.0))
    os.truncate(agent, agent.stat().st_size // 2)
    recording = open_pair(customer, agent)
    assert recording.aligned
    assert recording.warnings == (
        f"{agent}: is cut short, its last 10.0 s are missing; playing 10.0 s",
    )
