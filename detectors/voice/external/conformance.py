"""What every voice model must hold: the claims, once, for `callmood models check` and the tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from detectors.detector import UnusableUtteranceError
from detectors.labels import EMOTIONS
from detectors.reading import Modality, Reading
from detectors.utterance import Speaker
from detectors.voice.external.test_signals import noise, said, voiced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from detectors.detector import Detector
    from detectors.utterance import Utterance

    Load = Callable[[], Detector[Utterance]]
    Clock = Callable[[], float]
    Claim = Callable[[Load, Clock], None]

TOO_SLOW_MS = 1_000.0
"""A 3 s utterance that takes longer holds up every other call of the worker."""
SAME = 1e-4
"""Scores of the same sound may differ by this much between runs and batches: rounding."""
RUNS = 100
"""Timed readings, where they are quick."""

GOOD = tuple(
    said(voiced(ms, pitch_hz=hz))
    for ms, hz in ((2_000, 110), (3_000, 240), (2_000, 180), (3_000, 150), (5_500, 200))
)
BAD = {
    "100 ms of speech": said(voiced(100)),
    "two seconds of silence": said(voiced(2_000) * 0),
    "no sound at all": said(voiced(0)),
}
STRANGE = {
    "20 s of speech": said(voiced(20_000)),
    "overdriven speech": said(voiced(3_000, level=90_000)),
    "very quiet speech": said(voiced(3_000, level=20)),
    "noise": said(noise(3_000)),
    "300 ms of speech": said(voiced(300)),
    "a constant tone": said(np.full(24_000, 9_000, dtype=np.int16) * ((-1) ** np.arange(24_000)))
}  # fmt: skip


class ContractError(AssertionError):
    """A claim does not hold; the text says for which sound, and what was seen."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds for one utterance of 3 s: median and 99th percentile of so many runs."""

    p50_ms: float
    p99_ms: float
    runs: int


def opens(load: Load, _clock: Clock) -> None:
    """The file opens, its description is complete, and it reads a plain sound."""
    load()


def gives_scores(load: Load, _clock: Clock) -> None:
    """A reading is a distribution over known labels, with finite numbers, named and versioned."""
    detector = load()
    for item in GOOD:
        _check(detector.read(item), detector)


def answers_the_same(load: Load, _clock: Clock) -> None:
    """The same sound gives the same reading, from a freshly loaded model too."""
    first, second = load(), load()
    if first.version != second.version:
        message = f"the version changed from {first.version} to {second.version} by loading again"
        raise ContractError(message)
    for item in GOOD:
        seen = [first.read(item), first.read(item), second.read(item)]
        for one, other in pairwise(seen):
            _same(one, other, "read again")


def batch_reads_like_one_by_one(load: Load, _clock: Clock) -> None:
    """A batch gives the readings that each gets alone, in order, whatever else is in it."""
    detector = load()
    mixed = [GOOD[0], *BAD.values(), *GOOD[1:], GOOD[0]]
    results = detector.read_batch(mixed)
    if len(results) != len(mixed) or detector.read_batch([]):
        message = f"{len(results)} answers for {len(mixed)} utterances"
        raise ContractError(message)
    for item, result in zip(mixed, results, strict=True):
        if not any(item is bad for bad in BAD.values()):
            _same(detector.read(item), _reading(result), "in a batch")


def refuses_the_agent(load: Load, _clock: Clock) -> None:
    """The agent's voice is never scored, alone or in a batch."""
    detector = load()
    for item in GOOD:
        agents = replace(item, speaker=Speaker.AGENT)
        for result in (_alone(detector, agents), *detector.read_batch([agents, agents])):
            if not isinstance(result, UnusableUtteranceError):
                message = f"an agent's speech was read as {result.label}"
                raise ContractError(message)


def refuses_what_cannot_be_read(load: Load, _clock: Clock) -> None:
    """Silence and what is too short are refused, never called neutral."""
    detector = load()
    for what, item in BAD.items():
        result = _alone(detector, item)
        if isinstance(result, Reading):
            message = f"{what} was read as {result.label}"
            raise ContractError(message)


def survives_strange_sounds(load: Load, _clock: Clock) -> None:
    """Strange sounds are read or refused; none breaks the model or gives NaN."""
    detector = load()
    for result in detector.read_batch(list(STRANGE.values())):
        if isinstance(result, Reading):
            _check(result, detector)


def hears_differences(load: Load, _clock: Clock) -> None:
    """Different sounds give different scores."""
    detector = load()
    seen = [tuple(detector.read(item).scores.values()) for item in (*GOOD, STRANGE["noise"])]
    if max(np.ptp(np.array(seen), axis=0)) < SAME:
        message = f"{len(seen)} different sounds all give the same scores; the sound is not heard"
        raise ContractError(message)


def keeps_up(load: Load, clock: Clock) -> None:
    """A 3 s utterance takes less than a second on one core."""
    taken = timed(load(), clock, runs=1)
    if taken.p50_ms > TOO_SLOW_MS:
        message = f"{taken.p50_ms:.0f} ms for 3 s of speech, more than {TOO_SLOW_MS:.0f} ms"
        raise ContractError(message)


CLAIMS: tuple[Claim, ...] = (
    opens,
    keeps_up,
    gives_scores,
    answers_the_same,
    batch_reads_like_one_by_one,
    refuses_the_agent,
    refuses_what_cannot_be_read,
    survives_strange_sounds,
    hears_differences,
)
"""Each is a function whose first line of documentation is the claim."""
GATES = (opens, keeps_up)
"""Where one of these does not hold, the others would say nothing new, or never end."""


def wording(claim: Claim) -> str:
    """The claim in words."""
    return (claim.__doc__ or claim.__name__).splitlines()[0]


def failures(load: Load, clock: Clock) -> Iterator[tuple[str, str]]:
    """Go through the claims; each with why it does not hold, or an empty text.

    Ends at a gate that does not hold.
    """
    for claim in CLAIMS:
        fault = broken(claim, load, clock)
        yield wording(claim), fault
        if fault and claim in GATES:
            return


def broken(claim: Claim, load: Load, clock: Clock) -> str:
    """Why a claim does not hold, in one line; empty where it holds."""
    try:
        claim(load, clock)
    except Exception as error:  # noqa: BLE001  (whatever it is, the claim does not hold)
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def timed(
    detector: Detector[Utterance], clock: Clock, *, runs: int = RUNS, within_s: float = 10.0
) -> Timing:
    """Time up to ``runs`` readings of 3 s, after one that is not counted."""
    taken: list[float] = []
    while len(taken) <= runs and sum(taken) < within_s:
        item = said(voiced(3_000, pitch_hz=90 + 2 * len(taken)))
        begun = clock()
        detector.read(item)
        taken.append(clock() - begun)
    p50, p99 = np.percentile(taken[1:] or taken, [50, 99]) * 1_000
    return Timing(float(p50), float(p99), len(taken[1:]) or 1)


def _alone(detector: Detector[Utterance], item: Utterance) -> Reading | UnusableUtteranceError:
    try:
        return detector.read(item)
    except UnusableUtteranceError as error:
        return error


def _reading(result: Reading | UnusableUtteranceError) -> Reading:
    if isinstance(result, UnusableUtteranceError):
        message = f"plain speech was refused in a batch: {result}"
        raise ContractError(message)
    return result


def _check(reading: Reading, detector: Detector[Utterance]) -> None:
    numbers = [*reading.scores.values(), reading.confidence]
    numbers += [] if reading.arousal is None else [reading.arousal]
    faults = {
        f"scores {_shown(reading)} do not sum to 1": abs(sum(reading.scores.values()) - 1) > SAME,
        f"{numbers} are not all from 0 to 1": not all(0 <= number <= 1 for number in numbers),
        f"{list(reading.scores)} are not all known labels": bool(set(reading.scores) - {*EMOTIONS}),
        "it does not carry its detector's name, version and modality": (
            reading.detector, reading.version, reading.modality
        ) != (detector.name, detector.version, Modality.VOICE),
    }  # fmt: skip
    for fault, found in faults.items():
        if found:
            raise ContractError(fault)


def _same(one: Reading, other: Reading, when: str) -> None:
    labels: Sequence[str] = list(one.scores)
    apart = max((abs(one.scores[key] - other.scores.get(key, 9)) for key in one.scores), default=9)
    if apart > SAME or list(other.scores) != labels:
        message = f"{when}, the same sound gives {_shown(other)} instead of {_shown(one)}"
        raise ContractError(message)


def _shown(reading: Reading) -> str:
    return ", ".join(f"{label} {score:.4f}" for label, score in reading.scores.items())
