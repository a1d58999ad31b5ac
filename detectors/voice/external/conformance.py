"""What every voice model must hold: the claims, once, for `callmood models check` and the tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from detectors.detector import UnusableUtteranceError
from detectors.errors import summarize_error
from detectors.labels import EMOTIONS
from detectors.reading import Modality, Reading
from detectors.utterance import Speaker
from detectors.voice.external.test_signals import make_utterance, synthesise_noise, synthesise_voice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from detectors.detector import Detector
    from detectors.utterance import Utterance

    Load = Callable[[], Detector[Utterance]]
    Clock = Callable[[], float]
    Claim = Callable[[Load, Clock], None]

MAX_READING_MS = 1_000.0
"""A 3 s utterance that takes longer holds up every other call of the worker."""
SCORE_TOLERANCE = 1e-4
"""Scores of the same sound may differ by this much between runs and batches: rounding."""
TIMED_RUNS = 100
"""Timed readings, where they are quick."""

USABLE_SOUNDS = tuple(
    make_utterance(synthesise_voice(ms, pitch_hz=hz))
    for ms, hz in ((2_000, 110), (3_000, 240), (2_000, 180), (3_000, 150), (5_500, 200))
)
UNUSABLE_SOUNDS = {
    "100 ms of speech": make_utterance(synthesise_voice(100)),
    "two seconds of silence": make_utterance(synthesise_voice(2_000) * 0),
    "no sound at all": make_utterance(synthesise_voice(0)),
}
UNUSUAL_SOUNDS = {
    "20 s of speech": make_utterance(synthesise_voice(20_000)),
    "overdriven speech": make_utterance(synthesise_voice(3_000, level=90_000)),
    "very quiet speech": make_utterance(synthesise_voice(3_000, level=20)),
    "noise": make_utterance(synthesise_noise(3_000)),
    "300 ms of speech": make_utterance(synthesise_voice(300)),
    "a constant tone": make_utterance(
        np.full(24_000, 9_000, dtype=np.int16) * ((-1) ** np.arange(24_000))
    ),
}  # fmt: skip


class ContractError(AssertionError):
    """A claim does not hold; the text says for which sound, and what was seen."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds for one utterance of 3 s: median and 99th percentile of so many runs."""

    p50_ms: float
    p99_ms: float
    runs: int


def check_loading(load: Load, _clock: Clock) -> None:
    """The file opens, its description is complete, and it reads a plain sound."""
    load()


def check_scores(load: Load, _clock: Clock) -> None:
    """A reading is a distribution over known labels, with finite numbers, named and versioned."""
    detector = load()
    for item in USABLE_SOUNDS:
        _check_reading(detector.read(item), detector)


def check_determinism(load: Load, _clock: Clock) -> None:
    """The same sound gives the same reading, from a freshly loaded model too."""
    first, second = load(), load()
    if first.version != second.version:
        message = f"the version changed from {first.version} to {second.version} by loading again"
        raise ContractError(message)
    for item in USABLE_SOUNDS:
        readings = [first.read(item), first.read(item), second.read(item)]
        for earlier, later in pairwise(readings):
            _check_same(earlier, later, "read again")


def check_batch(load: Load, _clock: Clock) -> None:
    """A batch gives the readings that each gets alone, in order, whatever else is in it."""
    detector = load()
    mixed = [USABLE_SOUNDS[0], *UNUSABLE_SOUNDS.values(), *USABLE_SOUNDS[1:], USABLE_SOUNDS[0]]
    results = detector.read_batch(mixed)
    if len(results) != len(mixed) or detector.read_batch([]):
        message = f"{len(results)} answers for {len(mixed)} utterances"
        raise ContractError(message)
    for item, result in zip(mixed, results, strict=True):
        if not any(item is bad for bad in UNUSABLE_SOUNDS.values()):
            _check_same(detector.read(item), _require_reading(result), "in a batch")


def check_agent_refusal(load: Load, _clock: Clock) -> None:
    """The agent's voice is never scored, alone or in a batch."""
    detector = load()
    for item in USABLE_SOUNDS:
        agent_item = replace(item, speaker=Speaker.AGENT)
        for result in (
            _read_single(detector, agent_item),
            *detector.read_batch([agent_item, agent_item]),
        ):
            if not isinstance(result, UnusableUtteranceError):
                message = f"an agent's speech was read as {result.label}"
                raise ContractError(message)


def check_unusable_refusal(load: Load, _clock: Clock) -> None:
    """Silence and what is too short are refused, never called neutral."""
    detector = load()
    for name, item in UNUSABLE_SOUNDS.items():
        result = _read_single(detector, item)
        if isinstance(result, Reading):
            message = f"{name} was read as {result.label}"
            raise ContractError(message)


def check_unusual_sounds(load: Load, _clock: Clock) -> None:
    """Strange sounds are read or refused; none breaks the model or gives NaN."""
    detector = load()
    for result in detector.read_batch(list(UNUSUAL_SOUNDS.values())):
        if isinstance(result, Reading):
            _check_reading(result, detector)


def check_distinct_sounds(load: Load, _clock: Clock) -> None:
    """Different sounds give different scores."""
    detector = load()
    score_rows = [
        tuple(detector.read(item).scores.values())
        for item in (*USABLE_SOUNDS, UNUSUAL_SOUNDS["noise"])
    ]
    if max(np.ptp(np.array(score_rows), axis=0)) < SCORE_TOLERANCE:
        message = (
            f"{len(score_rows)} different sounds all give the same scores; the sound is not heard"
        )
        raise ContractError(message)


def check_speed(load: Load, clock: Clock) -> None:
    """A 3 s utterance takes less than a second on one core."""
    timing = measure_timing(load(), clock, runs=1)
    if timing.p50_ms > MAX_READING_MS:
        message = f"{timing.p50_ms:.0f} ms for 3 s of speech, more than {MAX_READING_MS:.0f} ms"
        raise ContractError(message)


CLAIMS: tuple[Claim, ...] = (
    check_loading,
    check_speed,
    check_scores,
    check_determinism,
    check_batch,
    check_agent_refusal,
    check_unusable_refusal,
    check_unusual_sounds,
    check_distinct_sounds,
)
"""Each is a function whose first line of documentation is the claim."""
GATES = (check_loading, check_speed)
"""Where one of these does not hold, the others would say nothing new, or never end."""


def describe_claim(claim: Claim) -> str:
    """Describe a claim in words."""
    return (claim.__doc__ or claim.__name__).splitlines()[0]


def run_claims(load: Load, clock: Clock) -> Iterator[tuple[str, str]]:
    """Check a model against every claim of the contract, in order.

    Args:
        load: loads the model anew.
        clock: gives seconds.

    Yields:
        The claim in words, and why it does not hold; empty if it holds. Checking ends at a claim
        without which the others mean nothing.
    """
    for claim in CLAIMS:
        fault = find_failure(claim, load, clock)
        yield describe_claim(claim), fault
        if fault and claim in GATES:
            return


def find_failure(claim: Claim, load: Load, clock: Clock) -> str:
    """Give the reason, in one line, why a claim does not hold; empty if it holds."""
    try:
        claim(load, clock)
    except Exception as error:  # noqa: BLE001  (whatever it is, the claim does not hold)
        return summarize_error(error)
    return ""


def measure_timing(
    detector: Detector[Utterance], clock: Clock, *, runs: int = TIMED_RUNS, within_s: float = 10.0
) -> Timing:
    """Time readings of 3 s of speech, after a warm-up reading.

    Args:
        detector: reads them one by one.
        clock: gives seconds.
        runs: how many readings at most.
        within_s: stop after this many seconds.
    """
    durations_s: list[float] = []
    while len(durations_s) <= runs and sum(durations_s) < within_s:
        item = make_utterance(synthesise_voice(3_000, pitch_hz=90 + 2 * len(durations_s)))
        start_s = clock()
        detector.read(item)
        durations_s.append(clock() - start_s)
    p50, p99 = np.percentile(durations_s[1:] or durations_s, [50, 99]) * 1_000
    return Timing(float(p50), float(p99), len(durations_s[1:]) or 1)


def _read_single(
    detector: Detector[Utterance], item: Utterance
) -> Reading | UnusableUtteranceError:
    try:
        return detector.read(item)
    except UnusableUtteranceError as error:
        return error


def _require_reading(result: Reading | UnusableUtteranceError) -> Reading:
    if isinstance(result, UnusableUtteranceError):
        message = f"plain speech was refused in a batch: {result}"
        raise ContractError(message)
    return result


def _check_reading(reading: Reading, detector: Detector[Utterance]) -> None:
    numbers = [*reading.scores.values(), reading.confidence]
    numbers += [] if reading.arousal is None else [reading.arousal]
    faults = {
        f"scores {_format_scores(reading)} do not sum to 1": (
            abs(sum(reading.scores.values()) - 1) > SCORE_TOLERANCE
        ),
        f"{numbers} are not all from 0 to 1": not all(0 <= number <= 1 for number in numbers),
        f"{list(reading.scores)} are not all known labels": bool(set(reading.scores) - {*EMOTIONS}),
        "it does not carry its detector's name, version and modality": (
            reading.detector, reading.version, reading.modality
        ) != (detector.name, detector.version, Modality.VOICE),
    }  # fmt: skip
    for fault, is_present in faults.items():
        if is_present:
            raise ContractError(fault)


def _check_same(expected: Reading, actual: Reading, when: str) -> None:
    labels: Sequence[str] = list(expected.scores)
    difference = max(
        (abs(expected.scores[key] - actual.scores.get(key, 9)) for key in expected.scores),
        default=9,
    )
    if difference > SCORE_TOLERANCE or list(actual.scores) != labels:
        both = f"{_format_scores(actual)} instead of {_format_scores(expected)}"
        message = f"{when}, the same sound gives {both}"
        raise ContractError(message)


def _format_scores(reading: Reading) -> str:
    return ", ".join(f"{label} {score:.4f}" for label, score in reading.scores.items())
