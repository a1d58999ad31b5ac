"""Make the demo calls again: ``python -m deploy.demo.make_calls``.

Nobody was recorded: espeak-ng speaks the dialogues beside this file. The same espeak-ng gives
the same files, byte for byte. Needs the ``espeak-ng`` command; nothing else in callmood does.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
import soundfile
import soxr

from deploy.demo.dialogue import DialogueError, DialogueLine, DialogueScript, read_dialogue
from deploy.demo.telephone import (
    Sound,
    apply_telephone_channel,
    apply_vocal_effort,
    set_level,
    trim_silence,
)
from detectors.utterance import SAMPLE_RATE, Speaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = Path(__file__).parent
DIALOGUES = (HERE / "ko.yaml", HERE / "en.yaml")
TARGET = HERE.parents[1] / "streams" / "ingest" / "replay" / "demo"

LEFT_TO_RIGHT = (Speaker.AGENT, Speaker.CUSTOMER)
LEAD_MS = 600
TAIL_MS = 900
NOTE = "Synthetic speech, made by the project with espeak-ng; nobody was recorded."


class SpeechError(RuntimeError):
    """Speech could not be made; one line that says what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class LineClip:
    """A line, spoken: its ``sound`` starts ``start_ms`` after the call's start."""

    line: DialogueLine
    start_ms: int
    sound: Sound

    @property
    def end_ms(self) -> int:
        """Where its last sample is; what is left of a millisecond is dropped."""
        return self.start_ms + len(self.sound) * 1_000 // SAMPLE_RATE


def speak(line: DialogueLine, dialogue: DialogueScript) -> Sound:
    """Have espeak-ng say one line in its tone.

    Raises:
        SpeechError: espeak-ng is not there, or refuses.
    """
    voice, tone = dialogue.voices[line.speaker], dialogue.tones[line.tone]
    pitch = min(99, max(0, voice.pitch + tone.pitch))
    speed = round(voice.words_per_minute * tone.speed)
    markup = f'<prosody range="{tone.liveliness}">{escape(line.text)}</prosody>'
    wav = _espeak("-v", voice.name, "-p", str(pitch), "-s", str(speed), "-m", "--stdout", markup)
    sound, rate = soundfile.read(io.BytesIO(wav), dtype="float64")
    narrow = trim_silence(soxr.resample(sound, rate, SAMPLE_RATE))
    return set_level(apply_vocal_effort(narrow, tone.effort), tone.level_db)


def _espeak(*arguments: str) -> bytes:
    command = shutil.which("espeak-ng")
    if command is None:
        message = "espeak-ng is not installed; install it, e.g. apt-get install espeak-ng"
        raise SpeechError(message)
    result = subprocess.run(  # noqa: S603  (our own arguments, no shell)
        [command, *arguments], capture_output=True, check=False, timeout=60
    )
    if result.returncode or not result.stdout:
        message = (
            f"espeak-ng cannot speak: {' '.join(result.stderr.decode(errors='replace').split())}"
        )
        raise SpeechError(message)
    return result.stdout


def speak_dialogue(dialogue: DialogueScript) -> list[LineClip]:
    """Speak every line and put it in its place."""
    clips: list[LineClip] = []
    for line in dialogue.lines:
        latest_end_ms = max((clip.end_ms for clip in clips), default=LEAD_MS - line.after_ms)
        clips.append(LineClip(line, max(0, latest_end_ms + line.after_ms), speak(line, dialogue)))
    return clips


def mix(clips: Sequence[LineClip], seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Both people on the telephone: ``int16[n, 2]``, left the agent, right the customer."""
    samples = (max(clip.end_ms for clip in clips) + TAIL_MS) * SAMPLE_RATE // 1_000
    noise = np.random.default_rng(seed)
    channels = []
    for speaker in LEFT_TO_RIGHT:
        channel = np.zeros(samples)
        for clip in clips:
            if clip.line.speaker is speaker:
                start = clip.start_ms * SAMPLE_RATE // 1_000
                channel[start : start + len(clip.sound)] += clip.sound
        channels.append(apply_telephone_channel(channel, noise))
    return np.stack(channels, axis=1)


def make_call(dialogue: DialogueScript, target: Path) -> Path:
    """Write ``call.flac``, ``transcript.jsonl`` and ``call.json`` into a folder of its name."""
    folder = target / dialogue.name
    folder.mkdir(parents=True, exist_ok=True)
    clips = speak_dialogue(dialogue)
    sound = mix(clips, dialogue.seed)
    soundfile.write(folder / "call.flac", sound, SAMPLE_RATE, "PCM_16", compression_level=1.0)
    _write(folder / "transcript.jsonl", (_format_row(clip, dialogue) for clip in clips))
    sheet = json.dumps(_build_sheet(dialogue), ensure_ascii=False, indent=2)
    _write(folder / "call.json", [sheet])
    return folder


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _format_row(clip: LineClip, dialogue: DialogueScript) -> str:
    row = {
        "speaker": clip.line.speaker,
        "start_ms": clip.start_ms,
        "end_ms": clip.end_ms,
        "text": clip.line.text,
        "language": dialogue.language,
    }
    return json.dumps(row, ensure_ascii=False)


def _build_sheet(dialogue: DialogueScript) -> dict[str, str | bool]:
    caller = {"caller": dialogue.caller} if dialogue.caller else {}
    return {
        "call_id": f"demo-{dialogue.name}",
        "agent_id": dialogue.agent_id,
        "queue": dialogue.queue,
        "language": dialogue.language,
        **caller,
        "customer_channel": "right",
        "notice_given": True,
        "analysis_consent": True,
        "recording_consent": True,
        "note": NOTE,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the calls of the given dialogues; 0 when all were made."""
    parser = argparse.ArgumentParser(prog="make_calls", description=__doc__.partition("\n")[0])
    parser.add_argument("dialogue", nargs="*", type=Path, default=list(DIALOGUES))
    parser.add_argument("--target", type=Path, default=TARGET, help="the folder to write into")
    options = parser.parse_args(arguments)
    try:
        for path in options.dialogue:
            sys.stdout.write(f"{make_call(read_dialogue(path), options.target)}\n")
    except (DialogueError, SpeechError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
