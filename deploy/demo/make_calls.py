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

from deploy.demo.dialogue import Dialogue, DialogueError, Line, read_dialogue
from deploy.demo.telephone import Sound, levelled, shouted, telephoned, trimmed
from detectors.utterance import SAMPLE_RATE, Speaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = Path(__file__).parent
DIALOGUES = (HERE / "ko.yaml", HERE / "en.yaml")
TARGET = HERE.parents[1] / "streams" / "ingest" / "demo"

LEFT_TO_RIGHT = (Speaker.AGENT, Speaker.CUSTOMER)
LEAD_MS = 600
TAIL_MS = 900
NOTE = "Synthetic speech, made by the project with espeak-ng; nobody was recorded."


class SpeechError(RuntimeError):
    """Speech could not be made; one line that says what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A line, spoken: its ``sound`` starts ``start_ms`` after the call's start."""

    line: Line
    start_ms: int
    sound: Sound

    @property
    def end_ms(self) -> int:
        """Where its last sample is; what is left of a millisecond is dropped."""
        return self.start_ms + len(self.sound) * 1_000 // SAMPLE_RATE


def speak(line: Line, dialogue: Dialogue) -> Sound:
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
    narrow = trimmed(soxr.resample(sound, rate, SAMPLE_RATE))
    return levelled(shouted(narrow, tone.effort), tone.level_db)


def _espeak(*arguments: str) -> bytes:
    command = shutil.which("espeak-ng")
    if command is None:
        message = "espeak-ng is not installed; install it, e.g. apt-get install espeak-ng"
        raise SpeechError(message)
    run = subprocess.run(  # noqa: S603  (our own arguments, no shell)
        [command, *arguments], capture_output=True, check=False, timeout=60
    )
    if run.returncode or not run.stdout:
        message = f"espeak-ng cannot speak: {' '.join(run.stderr.decode(errors='replace').split())}"
        raise SpeechError(message)
    return run.stdout


def perform(dialogue: Dialogue) -> list[Spoken]:
    """Speak every line and put it in its place."""
    spoken: list[Spoken] = []
    for line in dialogue.lines:
        earlier = max((each.end_ms for each in spoken), default=LEAD_MS - line.after_ms)
        spoken.append(Spoken(line, max(0, earlier + line.after_ms), speak(line, dialogue)))
    return spoken


def mix(spoken: Sequence[Spoken], seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Both people on the telephone: ``int16[n, 2]``, left the agent, right the customer."""
    samples = (max(each.end_ms for each in spoken) + TAIL_MS) * SAMPLE_RATE // 1_000
    noise = np.random.default_rng(seed)
    channels = []
    for speaker in LEFT_TO_RIGHT:
        wire = np.zeros(samples)
        for each in spoken:
            if each.line.speaker is speaker:
                start = each.start_ms * SAMPLE_RATE // 1_000
                wire[start : start + len(each.sound)] += each.sound
        channels.append(telephoned(wire, noise))
    return np.stack(channels, axis=1)


def make_call(dialogue: Dialogue, target: Path) -> Path:
    """Write ``call.flac``, ``transcript.jsonl`` and ``call.json`` into a folder of its name."""
    folder = target / dialogue.name
    folder.mkdir(parents=True, exist_ok=True)
    spoken = perform(dialogue)
    sound = mix(spoken, dialogue.seed)
    soundfile.write(folder / "call.flac", sound, SAMPLE_RATE, "PCM_16", compression_level=1.0)
    _write(folder / "transcript.jsonl", (_row(each, dialogue) for each in spoken))
    sheet = json.dumps(_sheet(dialogue), ensure_ascii=False, indent=2)
    _write(folder / "call.json", [sheet])
    return folder


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _row(spoken: Spoken, dialogue: Dialogue) -> str:
    row = {
        "speaker": spoken.line.speaker,
        "start_ms": spoken.start_ms,
        "end_ms": spoken.end_ms,
        "text": spoken.line.text,
        "language": dialogue.language,
    }
    return json.dumps(row, ensure_ascii=False)


def _sheet(dialogue: Dialogue) -> dict[str, str | bool]:
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
    given = parser.parse_args(arguments)
    try:
        for path in given.dialogue:
            sys.stdout.write(f"{make_call(read_dialogue(path), given.target)}\n")
    except (DialogueError, SpeechError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
