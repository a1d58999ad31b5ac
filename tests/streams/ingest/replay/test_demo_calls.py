"""The two demo calls are calls: two people, the right length, words where the speech is."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import webrtcvad

from deploy.demo import make_calls
from deploy.demo.dialogue import DialogueError, read_dialogue
from detectors.utterance import SAMPLE_RATE, Language, Speaker, TranscriptLine
from streams.ingest.replay.call_sheet import CallSheet, read_call_sheet
from streams.ingest.replay.recording import Recording, open_recording
from streams.ingest.replay.transcript import read_transcript

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DIALOGUES = {read_dialogue(path).name: path for path in make_calls.DIALOGUES}
ESPEAK = "eSpeak NG text-to-speech: 1.51 "
"""The version the committed calls were made with; another one may speak differently."""

FRAME_MS = 30


class DemoCall:
    """One committed demo call, opened as ``callmood replay`` opens it."""

    def __init__(self, name: str) -> None:
        self.folder = make_calls.TARGET / name
        self.sheet: CallSheet = read_call_sheet(self.folder / "call.json")
        self.sound: Recording = open_recording(
            self.folder / "call.flac", customer_side=self.sheet.customer_channel
        )
        transcript = read_transcript(self.folder / "transcript.jsonl", call_id="demo")
        assert transcript.problems == ()
        self.lines = transcript.lines

    def by(self, speaker: Speaker) -> list[TranscriptLine]:
        """One person's lines."""
        return [line for line in self.lines if line.speaker is speaker]

    def heard(self, line: TranscriptLine) -> NDArray[np.int16]:
        """The sound of a line."""
        start, end = (at * SAMPLE_RATE // 1_000 for at in (line.span.start_ms, line.span.end_ms))
        return self.sound.channel(line.speaker)[start:end]


@pytest.fixture(scope="module", params=sorted(DIALOGUES))
def call(request: pytest.FixtureRequest) -> DemoCall:
    return DemoCall(request.param)


def loudness_db(samples: NDArray[np.int16]) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples.astype(np.float64) ** 2)) / 32_768))


def speech_frames(samples: NDArray[np.int16]) -> NDArray[np.bool_]:
    vad, size = webrtcvad.Vad(2), FRAME_MS * SAMPLE_RATE // 1_000
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    return np.array([vad.is_speech(frame.tobytes(), SAMPLE_RATE) for frame in frames])


def test_there_is_one_demo_call_in_each_language() -> None:
    languages = {read_call_sheet(make_calls.TARGET / name / "call.json") for name in DIALOGUES}
    assert {sheet.language for sheet in languages} == set(Language)


def test_a_demo_call_is_small_telephone_sound_of_two_channels(call: DemoCall) -> None:
    path = call.folder / "call.flac"
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (SAMPLE_RATE, 2, "PCM_16")
    assert 60_000 <= call.sound.duration_ms <= 90_000
    assert path.stat().st_size < 900_000
    assert call.sound.warnings == ()


def test_a_demo_call_is_loud_enough_and_never_clips(call: DemoCall) -> None:
    for speaker in Speaker:
        peak = np.abs(call.sound.channel(speaker).astype(int)).max()
        assert 6_000 < peak < 32_000


def test_the_words_lie_inside_the_call_and_belong_to_both(call: DemoCall) -> None:
    assert all(line.span.end_ms <= call.sound.duration_ms for line in call.lines)
    assert all(len(call.by(speaker)) >= 8 for speaker in Speaker)
    assert {line.language for line in call.lines} == {call.sheet.language}


@pytest.mark.parametrize("speaker", list(Speaker))
def test_speech_is_heard_where_the_words_are_and_nowhere_else(
    call: DemoCall, speaker: Speaker
) -> None:
    found = speech_frames(call.sound.channel(speaker))
    said = np.zeros(len(found), dtype=bool)
    for line in call.by(speaker):
        said[line.span.start_ms // FRAME_MS : line.span.end_ms // FRAME_MS] = True
    assert found[said].mean() > 0.9
    assert found[~said].mean() < 0.06  # webrtcvad goes on for some frames after speech


def test_the_customer_grows_louder_and_calms_down_again(call: DemoCall) -> None:
    levels = [loudness_db(call.heard(line)) for line in call.by(Speaker.CUSTOMER)]
    assert max(levels) > levels[0] + 6
    assert max(levels) > levels[-1] + 6
    assert 1 < int(np.argmax(levels)) < len(levels) - 2


def test_the_agent_is_talked_over_for_about_two_seconds(call: DemoCall) -> None:
    overlaps = [
        customer.span.overlap_ms(agent.span)
        for customer in call.by(Speaker.CUSTOMER)
        for agent in call.by(Speaker.AGENT)
    ]
    assert 1_500 <= max(overlaps) <= 2_500


def test_one_call_has_a_hold_of_more_than_ten_seconds_in_which_nobody_speaks() -> None:
    korean = DemoCall("bank-ko")
    gaps = {
        later.span.start_ms - earlier.span.end_ms: (earlier.span.end_ms, later.span.start_ms)
        for earlier, later in zip(korean.lines, korean.lines[1:], strict=False)
    }
    start, end = gaps[max(gaps)]
    assert end - start >= 10_000
    for speaker in Speaker:
        frames = speech_frames(korean.sound.channel(speaker))
        assert not frames[(start + 500) // FRAME_MS : end // FRAME_MS].any()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bank-ko", ("금융감독원에 민원", "해지", "짜증")),
        ("card-en", ("file a complaint", "cancel this card", "idiots")),
    ],
)
def test_the_customer_says_what_the_playbooks_listen_for(name: str, words: tuple[str, ...]) -> None:
    said = " ".join(line.text for line in DemoCall(name).by(Speaker.CUSTOMER))
    assert all(word in said for word in words)


def test_a_demo_call_says_that_nobody_was_recorded(call: DemoCall) -> None:
    assert call.sheet.note == make_calls.NOTE
    consents = (call.sheet.notice_given, call.sheet.analysis_consent, call.sheet.recording_consent)
    assert all(consents)


def test_the_committed_words_are_those_of_the_dialogue(call: DemoCall) -> None:
    dialogue = read_dialogue(DIALOGUES[call.folder.name])
    rows = (call.folder / "transcript.jsonl").read_text(encoding="utf-8").splitlines()
    written = [(line.speaker, line.text) for line in dialogue.lines]
    assert [(row["speaker"], row["text"]) for row in map(json.loads, rows)] == written


def espeak_version() -> str:
    command = shutil.which("espeak-ng")
    if command is None:
        return "none"
    return subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(
    not espeak_version().startswith(ESPEAK), reason=f"not made here: needs {ESPEAK.strip()}"
)
def test_the_generator_makes_the_committed_calls_again(tmp_path: Path, call: DemoCall) -> None:
    made = make_calls.make_call(read_dialogue(DIALOGUES[call.folder.name]), tmp_path)
    for name in ("transcript.jsonl", "call.json"):
        assert (made / name).read_bytes() == (call.folder / name).read_bytes()
    again = open_recording(made / "call.flac").samples
    assert np.abs(again.astype(int) - call.sound.samples).max() <= 2_048  # one step of mu-law


def test_a_missing_espeak_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert make_calls.main(["--target", str(tmp_path)]) == 1
    line = "error: espeak-ng is not installed; install it, e.g. apt-get install espeak-ng\n"
    assert capsys.readouterr().err == line


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("tone: furious", "tone: livid", "no such tone: livid"),
        ("  agent: {name", "  robot: {name", "voices.robot"),
        ("lines:", "lines: [", "expected"),
    ],
)
def test_a_wrong_dialogue_is_one_clear_line(tmp_path: Path, old: str, new: str, what: str) -> None:
    path = tmp_path / "ko.yaml"
    text = make_calls.DIALOGUES[0].read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DialogueError) as caught:
        read_dialogue(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)
