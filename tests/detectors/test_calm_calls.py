"""The shipped voice and the mood on real calls and on made angry ones. Needs ../shared."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from detectors.corpora.manifests import read_rows
from detectors.evaluation.calls.playback import MoodTrajectory, Track, play
from detectors.evaluation.calls.synthetic_calls import (
    CORPORA,
    Half,
    SyntheticCall,
    build_synthetic_calls,
    summarise_angry_calls,
)
from detectors.mood import MoodLevel
from detectors.reading import Modality
from detectors.registry import load
from streams.ingest.replay.recording import open_recording

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="needs the recordings of ../shared"),
]
ONE_VOICE = ("agent_only", "auto_repairs_40", "genesys_connector")
"""Recordings whose channels have one person each, as a customer's channel has."""


@cache
def real() -> dict[str, list[MoodTrajectory]]:
    detector = load(Modality.VOICE)
    courses: dict[str, list[MoodTrajectory]] = {}
    for path in sorted((DATA / "calls").glob("*.flac")):
        recording = open_recording(path)
        courses[path.stem] = [
            play(Track(path.stem, recording.samples[:, column]), detector)
            for column in range(len(recording.speakers))
        ]
    return courses


@cache
def made() -> list[tuple[SyntheticCall, MoodTrajectory]]:
    detector = load(Modality.VOICE)
    listed = [
        row
        for corpus in CORPORA
        for row in read_rows(DATA / corpus / "manifest.csv", ["path", "corpus"], pytest.fail)
    ]
    return [(call, play(call.track, detector)) for call in build_synthetic_calls(DATA, listed)]


def test_calm_business_talk_of_one_person_a_channel_never_raises_the_level() -> None:
    flags = {name: [course.flags for course in real()[name]] for name in ONE_VOICE}
    assert all(count == 0 for counts in flags.values() for count in counts), flags


def test_all_real_calls_together_raise_it_at_most_once() -> None:
    """They last a third of an hour, two people in one channel included."""
    assert sum(course.flags for courses in real().values() for course in courses) <= 1


def test_calm_clips_of_people_never_heard_raise_nothing() -> None:
    calm = [course for call, course in made() if call.angry_from_ms is None]
    assert len(calm) > 30
    assert sum(course.duration_ms for course in calm) > 25 * 60_000
    assert sum(course.flags for course in calm) == 0
    assert summarise_angry_calls(made()).early_flags == 0


@pytest.mark.parametrize("half", list(Half))
@pytest.mark.parametrize(
    ("corpus", "within", "missed"), [("ravdess", 3, 0), ("korean_emotional", 7, 1)]
)
def test_lasting_anger_makes_the_mood_tense(
    corpus: str, within: int, missed: int, half: Half
) -> None:
    """One of the six Korean calls stays just below what counts as strained (decision 46)."""
    theirs = [
        (call, course) for call, course in made() if (call.corpus, call.half) == (corpus, half)
    ]
    seen = summarise_angry_calls(theirs)
    delays = seen.sorted_delays(MoodLevel.TENSE)
    assert seen.calls > len(delays) - 1 >= 0
    assert len(delays) >= seen.calls - missed
    assert delays[-1] <= within


def test_lasting_anger_in_english_makes_the_mood_upset() -> None:
    seen = summarise_angry_calls(
        [(call, course) for call, course in made() if call.corpus == "ravdess"]
    )
    delays = seen.sorted_delays(MoodLevel.UPSET)
    assert len(delays) == seen.calls
    assert delays[-1] <= 6
