"""The order in which a speaker is heard: drawn, repeatable, and nobody else's business."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from detectors.corpora.manifests import ManifestRow
from detectors.evaluation.clip_order import mark_from_nth, shuffle_within_speakers


def row(path: str, speaker: str) -> ManifestRow:
    return ManifestRow(f"m.csv:{path}", {"path": path, "speaker": speaker})


def paths(rows: list[ManifestRow]) -> list[str]:
    return [each["path"] for each in rows]


@st.composite
def manifests(draw: st.DrawFn) -> list[ManifestRow]:
    speakers = draw(st.lists(st.sampled_from(["a", "b", "", "미나"]), max_size=30))
    return [row(f"{number}.wav", speaker) for number, speaker in enumerate(speakers)]


@given(manifests(), st.integers(0, 99))
def test_every_row_is_kept_and_speakers_keep_their_places(
    rows: list[ManifestRow], seed: int
) -> None:
    found = shuffle_within_speakers(rows, seed)
    assert Counter(paths(found)) == Counter(paths(rows))
    assert [each["speaker"] for each in found] == [each["speaker"] for each in rows]


@given(manifests(), st.integers(0, 99), st.randoms(use_true_random=False))
def test_how_the_manifest_lists_the_rows_does_not_matter(
    rows: list[ManifestRow], seed: int, random: object
) -> None:
    other = list(rows)
    random.shuffle(other)  # type: ignore[attr-defined]
    for speaker in ("a", "b", "미나"):
        heard = [
            paths([e for e in shuffle_within_speakers(r, seed) if e["speaker"] == speaker])
            for r in (rows, other)
        ]
        assert heard[0] == heard[1]


def test_a_corpus_sorted_by_emotion_is_mixed_and_another_seed_mixes_otherwise() -> None:
    rows = [row(f"{emotion}{number}.wav", "a") for emotion in "njas" for number in range(10)]
    first = paths(shuffle_within_speakers(rows, 1))
    assert len({path[0] for path in first[:10]}) > 1
    assert first != paths(shuffle_within_speakers(rows, 2))
    assert first == paths(shuffle_within_speakers(rows, 1))


def test_from_the_third_on_counts_per_speaker_and_nobody_unknown_is_anybody_else() -> None:
    rows = [row(f"{number}", speaker) for number, speaker in enumerate("ababa")]
    rows += [row("x", ""), row("y", "")]
    told = [(each["path"], counts) for each, counts in mark_from_nth(rows, 3)]
    assert [path for path, counts in told if counts] == ["4"]
    assert all(counts for _, counts in mark_from_nth(rows, 1))
