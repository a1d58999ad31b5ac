"""What a replayed call says, and when: a timeline of messages, as a live gateway would send."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import timedelta
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.utterance import SAMPLE_RATE, Speaker
from streams.ingest.caller_hash import hash_to_empty
from streams.ingest.replay.call_sheet import CallSheet, read_call_sheet
from streams.ingest.replay.file_header import SUFFIXES
from streams.ingest.replay.input_file import RecordingError
from streams.ingest.replay.recording import Recording, open_pair, open_recording
from streams.ingest.replay.transcript import read_transcript
from streams.messages.calls import AudioChunk, CallEvent, TranscriptMessage
from streams.topics import AUDIO, CALLS, TRANSCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from detectors.utterance import TranscriptLine
    from streams.cloudevents import Message
    from streams.ingest.replay.recording import Side
    from streams.topics import KafkaTopic

CHUNK_MS = 200
"""Both channels in one record of 3.2 KB: five events a second and call (docs/architecture.md)."""

DEMO = Path(__file__).with_name("demo")

CALL_STEM = "call"
"""What a call's files are named where a folder holds one call."""

DEFAULT_SHEET = CallSheet(agent_id="me", analysis_consent=True)
"""Of a recording without a sheet: playing it on one's own line is what agrees to analysis. Nobody
has said that the customer was told, or agreed to have clips kept."""

GUIDE = "docs/recordings.md"


@dataclass(frozen=True, slots=True)
class ReplayCall:
    """A recording with its words and its facts, ready to be played.

    Attributes:
        name: what people call it.
        problems: one line each: what is odd or was left out.
        hints: one line each: what more could be given.
        caller: keyed hash of the caller's number; empty: not known.
    """

    name: str
    recording: Recording
    lines: tuple[TranscriptLine, ...]
    sheet: CallSheet
    problems: tuple[str, ...] = ()
    caller: str = ""
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplayInput:
    """What the user named: one recording, or a pair, and what belongs to it.

    Attributes:
        path: a sound file, or a folder with one named ``call`` (``call.flac``, ``call.mp3`` ...).
        agent: the agent's side where the two sides are two files.
        transcript: the words; by default ``<name>.jsonl`` beside the sound, if it is there, and
            beside a file named ``call`` also ``transcript.jsonl``.
        sheet: the call's facts; by default ``<name>.json`` beside the sound, if it is there.
        customer_only: the user vouches that nobody but the customer is on a mono file.
        caller: the caller's number in clear; by default what the sheet says.
        keep_clips: the user vouches that the customer of a call without a sheet agreed to it.
        customer_channel: the channel that the customer is on, whatever the sheet says.
    """

    path: Path
    agent: Path | None = None
    transcript: Path | None = None
    sheet: Path | None = None
    customer_only: bool = False
    caller: str | None = field(default=None, repr=False)
    keep_clips: bool = False
    customer_channel: Side | None = None


def load_call(
    replay_input: ReplayInput, *, hash_caller: Callable[[str], str] = hash_to_empty
) -> ReplayCall:
    """Read everything that belongs to a call.

    Args:
        replay_input: what the user named.
        hash_caller: turns the caller's number into its keyed hash.

    Raises:
        RecordingError, TranscriptError, CallSheetError: one line, naming the file.
        CallerKeyError: the callers' key cannot be used.
    """
    audio, transcript, sheet_path = _find_files(replay_input)
    sheet = read_call_sheet(sheet_path) if sheet_path else _default_sheet(replay_input)
    if replay_input.customer_channel is not None:
        sheet = sheet.model_copy(update={"customer_channel": replay_input.customer_channel})
    recording = _load_recording(replay_input, audio, sheet)
    name = sheet.call_id or _to_call_id(
        audio.parent.name if replay_input.path.is_dir() else audio.stem
    )
    lines: tuple[TranscriptLine, ...] = ()
    problems: tuple[str, ...] = ()
    if transcript is not None:
        parsed = read_transcript(
            transcript,
            call_id=name,
            language=sheet.language,
            duration_ms=recording.duration_ms,
        )
        lines, problems = parsed.lines, tuple(parsed.warnings(transcript))
    hints = (
        _build_hints(replay_input, audio, transcript, sheet_path) if sheet.analysis_consent else ()
    )
    warnings = (*recording.warnings, *problems)
    # The number ends here: what is played knows the hash alone.
    public_sheet = sheet.model_copy(update={"caller": None})
    number = _caller_number(replay_input, sheet)
    caller = hash_caller(number) if number else ""
    return ReplayCall(name, recording, lines, public_sheet, warnings, caller, tuple(hints))


def _default_sheet(replay_input: ReplayInput) -> CallSheet:
    return DEFAULT_SHEET.model_copy(update={"recording_consent": replay_input.keep_clips})


def _build_hints(
    replay_input: ReplayInput, audio: Path, transcript: Path | None, sheet: Path | None
) -> Iterator[str]:
    """What a person who plays a first recording of their own cannot know."""
    if transcript is None:
        transcript_name = audio.with_suffix(".jsonl").name
        yield (
            f"{audio}: no transcript: only the voice is read; callmood does not recognise speech, "
            f"so put the words into {transcript_name} beside it ({GUIDE})"
        )
    if sheet is None and not replay_input.keep_clips:
        sheet_name = audio.with_suffix(".json").name
        yield (
            f"{audio}: no call sheet: analysed because you play it, and no clips are kept; "
            f"{sheet_name} beside it says what was agreed to ({GUIDE})"
        )


def _caller_number(replay_input: ReplayInput, sheet: CallSheet) -> str:
    """The caller's number; who did not agree to analysis is not recognised either."""
    if not sheet.analysis_consent:
        return ""
    return replay_input.caller or (sheet.caller.get_secret_value() if sheet.caller else "")


def _load_recording(replay_input: ReplayInput, audio: Path, sheet: CallSheet) -> Recording:
    """The sound, if it is certain that the agent's voice is not taken for the customer's."""
    if replay_input.agent:
        return open_pair(audio, replay_input.agent)
    recording = open_recording(audio, customer_side=sheet.customer_channel)
    if Speaker.AGENT not in recording.speakers and not replay_input.customer_only:
        todo = (
            "give a stereo file, or the agent's side with --agent FILE, "
            "or say --customer-only if nobody else is heard on it"
        )
        raise RecordingError(audio, "is mono, so the agent may be on it too", todo)
    return recording


def demo_calls() -> list[ReplayInput]:
    """The two calls that come along."""
    return [
        ReplayInput(folder) for folder in sorted(DEMO.iterdir()) if (folder / "call.flac").exists()
    ]


def build_timeline(
    call: ReplayCall, call_id: str
) -> Iterator[tuple[int, KafkaTopic, MessageFactory]]:
    """Everything to send, in order: (ms since the call's start, topic, how to make it).

    Without consent to analysis the call's start and end are told, and nothing else.
    """
    yield 0, CALLS, _CallEventFactory(call, call_id, event="started", duration_ms=None)
    if call.sheet.analysis_consent:
        yield from merge(
            _chunk_timeline(call, call_id),
            _transcript_timeline(call, call_id),
            key=lambda due: (due[0], due[1].name),
        )
    end_ms = call.recording.duration_ms
    yield end_ms, CALLS, _CallEventFactory(call, call_id, event="ended", duration_ms=end_ms)


def build_end_messages(
    call: ReplayCall, call_id: str, *, chunks: int, at_ms: int
) -> Iterator[tuple[KafkaTopic, MessageFactory]]:
    """What ends a call that is broken off: its last chunk, unless it is out, and its end.

    Args:
        call: what was being played.
        call_id: as what.
        chunks: how many of its chunks are out.
        at_ms: when it is broken off, in ms since its start.
    """
    if call.sheet.analysis_consent and chunks < _chunk_count(call):
        yield AUDIO, _ChunkFactory(call, call_id, chunks, last=True)
    yield CALLS, _CallEventFactory(call, call_id, event="ended", duration_ms=at_ms)


class MessageFactory:
    """Makes a message once the wall clock is known."""

    __slots__ = ()

    def make(self, at: datetime) -> Message:
        """The message, at ``at`` the moment it is due."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class _CallEventFactory(MessageFactory):
    call: ReplayCall
    call_id: str
    event: str
    duration_ms: int | None

    def make(self, at: datetime) -> Message:
        sheet = self.call.sheet
        return CallEvent(
            call_id=self.call_id,
            event="started" if self.event == "started" else "ended",
            at=at,
            agent_id=sheet.agent_id,
            queue=sheet.queue,
            language=sheet.language,
            caller=self.call.caller,
            notice_given=sheet.notice_given,
            analysis_consent=sheet.analysis_consent,
            recording_consent=sheet.recording_consent,
            duration_ms=self.duration_ms,
        )


@dataclass(frozen=True, slots=True)
class _ChunkFactory(MessageFactory):
    call: ReplayCall
    call_id: str
    number: int
    last: bool

    def make(self, at: datetime) -> Message:
        del at
        start_ms = self.number * CHUNK_MS
        first = start_ms * SAMPLE_RATE // 1000
        samples = self.call.recording.samples[first : first + CHUNK_MS * SAMPLE_RATE // 1000]
        return AudioChunk(
            call_id=self.call_id,
            sequence=self.number,
            start_ms=start_ms,
            channels=self.call.recording.speakers,
            aligned=self.call.recording.aligned,
            language=self.call.sheet.language,
            keep_clips=self.call.sheet.recording_consent,
            last=self.last,
            payload=AudioChunk.to_payload(samples),
        )


@dataclass(frozen=True, slots=True)
class _TranscriptFactory(MessageFactory):
    line: TranscriptLine
    call_id: str
    due_ms: int

    def make(self, at: datetime) -> Message:
        delay = timedelta(milliseconds=self.due_ms - self.line.span.end_ms)
        line = replace(self.line, call_id=self.call_id)
        return TranscriptMessage.of(line, heard_at=at - delay)


def _chunk_timeline(
    call: ReplayCall, call_id: str
) -> Iterator[tuple[int, KafkaTopic, MessageFactory]]:
    duration_ms = call.recording.duration_ms
    count = _chunk_count(call)
    for number in range(count):
        due_ms = min(duration_ms, (number + 1) * CHUNK_MS)
        yield due_ms, AUDIO, _ChunkFactory(call, call_id, number, last=number == count - 1)


def _chunk_count(call: ReplayCall) -> int:
    return max(1, -(-call.recording.duration_ms // CHUNK_MS))


def _transcript_timeline(
    call: ReplayCall, call_id: str
) -> Iterator[tuple[int, KafkaTopic, MessageFactory]]:
    for line in sorted(call.lines, key=lambda item: item.span.end_ms):
        due_ms = min(line.span.end_ms, call.recording.duration_ms)
        yield due_ms, TRANSCRIPTS, _TranscriptFactory(line, call_id, due_ms)


def _find_files(replay_input: ReplayInput) -> tuple[Path, Path | None, Path | None]:
    """The sound, the words and the facts; what is not given is looked for beside the sound.

    A file that is named itself has the same neighbours as in its folder: who refused to be
    analysed has refused either way.
    """
    audio = _find_audio(replay_input.path) if replay_input.path.is_dir() else replay_input.path
    transcript_paths = [audio.with_suffix(".jsonl")]
    if audio.stem == CALL_STEM:
        transcript_paths.insert(0, audio.with_name("transcript.jsonl"))
    sheet_paths = [audio.with_suffix(".json")]
    return (
        audio,
        replay_input.transcript or _first_existing(transcript_paths, exclude=audio),
        replay_input.sheet or _first_existing(sheet_paths, exclude=audio),
    )


def _find_audio(folder: Path) -> Path:
    paths = [folder / f"{CALL_STEM}{suffix}" for suffix in SUFFIXES]
    return next((path for path in paths if path.exists()), folder / f"{CALL_STEM}.flac")


def _first_existing(paths: list[Path], *, exclude: Path) -> Path | None:
    return next((path for path in paths if path != exclude and path.exists()), None)


def _to_call_id(name: str) -> str:
    """A file's name as a call id: whatever is not allowed becomes a hyphen.

    Where letters are lost that way, such as Korean ones, a hash of the name stands for them.
    """
    ascii_name = "".join(char if char.isascii() and char.isalnum() else "-" for char in name).strip(
        "-"
    )
    stem = ascii_name[:64].rstrip("-") or CALL_STEM
    has_lost_letters = any(char.isalnum() and not char.isascii() for char in name)
    return f"{stem}-{_short_hash(name)}" if has_lost_letters or not ascii_name else stem


def _short_hash(name: str) -> str:
    # One name, one hash, however a file system composes its syllables.
    composed = unicodedata.normalize("NFC", name).encode("utf-8", "surrogateescape")
    return hashlib.sha256(composed).hexdigest()[:8]
