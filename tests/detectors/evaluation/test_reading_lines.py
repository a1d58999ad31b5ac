"""Lines of a manifest in order: what was said before in the same call comes with each line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectors.corpora.manifests import ManifestRow
from detectors.detector import UnusableUtteranceError
from detectors.evaluation.evaluate import read_text
from detectors.labels import EMOTIONS
from detectors.reading import Modality, Reading
from detectors.utterance import CONTEXT_LINES

if TYPE_CHECKING:
    from detectors.utterance import TranscriptLine


class Remembering:
    """A detector that only keeps what it was given, and cannot read question marks."""

    def __init__(self) -> None:
        self.given: list[TranscriptLine] = []

    def read(self, line: TranscriptLine) -> Reading:
        if "?" in line.text:
            raise UnusableUtteranceError(line.text)
        self.given.append(line)
        scores = dict.fromkeys(EMOTIONS, 1 / len(EMOTIONS))
        return Reading("c", line.span, Modality.TEXT, "d", "1", scores, confidence=0.2)


def contexts(rows: list[tuple[str, str]], **how: Any) -> list[tuple[str, ...]]:
    """Give the context of each line that was read; rows are (call, text)."""
    detector: Any = Remembering()
    manifest = [
        ManifestRow(f"m.csv:{n}", {"id": str(n), "text": text, "language": "ko", "call": call})
        for n, (call, text) in enumerate(rows)
    ]
    read_text(manifest, detector, None, complain=lambda _: None, **how)
    return [line.context for line in detector.given]


CALLS = [("a", "하나"), ("b", "one"), ("a", "둘"), ("", "x"), ("a", "?"), ("a", "셋"), ("", "y")]


def test_in_order_a_line_comes_with_what_was_read_before_it_in_its_call_alone() -> None:
    found = contexts(CALLS, in_order=True)
    assert found == [(), (), ("하나",), (), ("하나", "둘"), ()]


def test_out_of_order_every_line_is_alone() -> None:
    assert set(contexts(CALLS)) == {()}


def test_no_more_lines_are_kept_than_count() -> None:
    many = [("a", str(number)) for number in range(CONTEXT_LINES + 4)]
    last = contexts(many, in_order=True)[-1]
    assert last == tuple(str(number) for number in range(3, CONTEXT_LINES + 3))
