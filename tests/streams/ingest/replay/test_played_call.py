"""What belongs to a recording is found, and the agent is never taken for the customer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from detectors.utterance import SAMPLE_RATE, Speaker
from streams.ingest.replay.input_file import RecordingError
from streams.ingest.replay.played_call import (
    ReplayCall,
    ReplayInput,
    build_end_messages,
    build_timeline,
    demo_calls,
    load_call,
)
from streams.ingest.replay.recording import open_recording
from streams.messages.calls import AudioChunk, CallEvent
from tests.streams.ingest.replay.played import AT, LINE, STEREO, made, written

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

REFUSED = {"analysis_consent": False, "customer_channel": "left"}


@pytest.mark.parametrize(
    ("sound", "sheet", "words"),
    [
        ("call.wav", "call.json", "transcript.jsonl"),
        ("call.wav", "call.json", "call.jsonl"),
        ("mine.wav", "mine.json", "mine.jsonl"),
    ],
)
def test_a_file_named_itself_has_the_neighbours_that_its_folder_would_have(
    tmp_path: Path, sound: str, sheet: str, words: str
) -> None:
    written(tmp_path / sound, STEREO)
    (tmp_path / sheet).write_text(json.dumps(REFUSED), encoding="utf-8")
    (tmp_path / words).write_text(LINE, encoding="utf-8")
    call = load_call(ReplayInput(tmp_path / sound))
    assert not call.sheet.analysis_consent
    assert len(call.lines) == 1
    right = load_call(ReplayInput(tmp_path / sound, sheet=_empty_sheet(tmp_path)))
    customer, agent = Speaker.CUSTOMER, Speaker.AGENT
    assert np.array_equal(call.recording.channel(customer), right.recording.channel(agent))


def test_refused_consent_beside_a_file_keeps_its_sound_and_words_off_the_line(
    tmp_path: Path,
) -> None:
    written(tmp_path / "call.wav", STEREO)
    (tmp_path / "call.json").write_text(json.dumps(REFUSED), encoding="utf-8")
    (tmp_path / "transcript.jsonl").write_text(LINE, encoding="utf-8")
    topics = [
        topic.name
        for _, topic, _ in build_timeline(load_call(ReplayInput(tmp_path / "call.wav")), "one")
    ]
    assert topics == ["calls.v1", "calls.v1"]


@pytest.mark.parametrize(
    ("name", "kind"), [("call.mp3", "MP3"), ("call.ogg", "OGG"), ("call.aif", "AIFF")]
)
def test_a_folder_may_hold_its_sound_in_any_format(tmp_path: Path, name: str, kind: str) -> None:
    soundfile.write(tmp_path / name, STEREO, SAMPLE_RATE, format=kind)
    (tmp_path / "transcript.jsonl").write_text(LINE, encoding="utf-8")
    call = load_call(ReplayInput(tmp_path))
    assert (call.recording.duration_ms, len(call.lines)) == (1_000, 1)


def test_another_recording_in_the_folder_of_a_call_does_not_take_its_neighbours(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "other.wav", STEREO)
    (tmp_path / "call.json").write_text(json.dumps(REFUSED), encoding="utf-8")
    (tmp_path / "transcript.jsonl").write_text(LINE, encoding="utf-8")
    call = load_call(ReplayInput(path))
    assert call.sheet.analysis_consent
    assert call.lines == ()


def test_a_mono_file_is_refused_until_somebody_says_who_is_on_it(tmp_path: Path) -> None:
    path = written(tmp_path / "mixdown.wav", STEREO.mean(axis=1))
    with pytest.raises(RecordingError) as caught:
        load_call(ReplayInput(path))
    told = str(caught.value)
    assert told.startswith(f"{path}: is mono, so the agent may be on it too; ")
    assert "--agent FILE" in told
    assert "--customer-only" in told
    assert load_call(ReplayInput(path, customer_only=True)).recording.speakers == (
        Speaker.CUSTOMER,
    )
    agent = written(tmp_path / "agent.wav", STEREO[:, 0])
    assert len(load_call(ReplayInput(path, agent)).recording.speakers) == 2


def test_a_recording_alone_is_analysed_and_nothing_else_is_said_to_be_agreed_to(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "mine.wav", STEREO)
    sheet = load_call(ReplayInput(path)).sheet
    consents = (sheet.analysis_consent, sheet.notice_given, sheet.recording_consent)
    assert consents == (True, False, False)
    assert load_call(ReplayInput(path, keep_clips=True)).sheet.recording_consent


def test_what_a_call_sheet_does_not_agree_to_no_option_does(tmp_path: Path) -> None:
    path = written(tmp_path / "mine.wav", STEREO)
    (tmp_path / "mine.json").write_text('{"analysis_consent": true}', encoding="utf-8")
    assert not load_call(ReplayInput(path, keep_clips=True)).sheet.recording_consent


def test_a_recording_alone_comes_with_a_hint_for_each_file_that_it_could_have(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "mine.wav", STEREO)
    words, facts = load_call(ReplayInput(path)).hints
    assert words.startswith(f"{path}: no transcript: only the voice is read; ")
    assert "mine.jsonl beside it (docs/recordings.md)" in words
    assert facts.startswith(f"{path}: no call sheet: analysed because you play it")
    (tmp_path / "mine.jsonl").write_text(LINE, encoding="utf-8")
    (tmp_path / "mine.json").write_text('{"analysis_consent": true}', encoding="utf-8")
    assert load_call(ReplayInput(path)).hints == ()


def test_a_call_that_is_not_analysed_needs_no_transcript(tmp_path: Path) -> None:
    path = written(tmp_path / "mine.wav", STEREO)
    (tmp_path / "mine.json").write_text(json.dumps(REFUSED), encoding="utf-8")
    assert load_call(ReplayInput(path)).hints == ()


def _mulaw(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Companded with mu = 255 to 8 bits and back (ITU-T G.711, continuous form)."""
    code = np.rint(127 * np.sign(sound) * np.log1p(255 * np.abs(sound)) / np.log(256)) / 127
    expanded: NDArray[np.float64] = np.sign(code) * (256 ** np.abs(code) - 1) / 255
    return expanded


@pytest.mark.parametrize("other", ["quieter", "inverted", "coded twice"])
def test_nearly_one_sound_on_both_channels_is_refused(tmp_path: Path, other: str) -> None:
    speech, _ = soundfile.read(demo_calls()[0].path / "call.flac")
    mixed = speech.mean(axis=1)
    changed = {"quieter": mixed * 0.1, "inverted": -mixed, "coded twice": _mulaw(mixed)}[other]
    path = written(tmp_path / "both.wav", np.stack([mixed, changed], axis=1))
    with pytest.raises(RecordingError, match="both sides hold the same sound"):
        open_recording(path)


def test_two_people_with_some_of_each_other_on_their_channels_are_played(tmp_path: Path) -> None:
    speech, _ = soundfile.read(demo_calls()[0].path / "call.flac")
    crosstalk = speech + 0.3 * speech[:, ::-1]
    recording = open_recording(written(tmp_path / "crosstalk.wav", crosstalk * 0.7))
    assert recording.warnings == ()


def test_names_of_which_no_letter_is_left_still_tell_recordings_apart(tmp_path: Path) -> None:
    names = ["상담 1", "녹음 1", "상담", "녹음", "。。。", "---"]
    calls = [load_call(ReplayInput(written(tmp_path / f"{name}.wav", STEREO))) for name in names]
    assert len({call.name for call in calls}) == len(names)
    for call in calls:
        CallEvent(call_id=call.name, event="started", at=AT)


def test_a_call_that_is_broken_off_gets_its_last_chunk_and_its_end() -> None:
    call = made(seconds=2.0)
    chunk, end = (
        maker.make(AT) for _, maker in build_end_messages(call, "one", chunks=3, at_ms=600)
    )
    assert isinstance(chunk, AudioChunk)
    assert (chunk.sequence, chunk.start_ms, chunk.last) == (3, 600, True)
    assert isinstance(end, CallEvent)
    assert (end.event, end.duration_ms) == ("ended", 600)


def test_a_call_whose_last_chunk_is_out_gets_its_end_only() -> None:
    call = made(seconds=2.0)
    count = sum(topic.name == "audio.v1" for _, topic, _ in build_timeline(call, "one"))
    assert count == 2 * SAMPLE_RATE // 1_600
    assert [
        topic.name for topic, _ in build_end_messages(call, "one", chunks=count, at_ms=2_000)
    ] == ["calls.v1"]


def _empty_sheet(folder: Path) -> Path:
    path = folder / "empty.json"
    path.write_text("{}", encoding="utf-8")
    return path


def test_without_consent_a_broken_off_call_sends_no_sound() -> None:
    call: ReplayCall = made(seconds=2.0, consent=False)
    assert [topic.name for topic, _ in build_end_messages(call, "one", chunks=0, at_ms=600)] == [
        "calls.v1"
    ]
