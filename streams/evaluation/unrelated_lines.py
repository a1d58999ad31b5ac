"""Lines of public corpora that no customer said: how often does a playbook fire on them?

Comments swear, so not every alert on them is false. A sample of those that fired was read by a
person and judged; the judgements are committed and counted beside the raw figures.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.corpora.corpora import load_ratings, load_texts
from detectors.corpora.text_manifests import iter_manifest_rows
from detectors.corpora.theme_lines import LinesError, load_ordinary_lines
from detectors.utterance import Language

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from streams.evaluation.line_playback import LineOutcome

SEED = 11
SAMPLE_LINES = 60
"""At most so many lines that fired are judged for a playbook, over all corpora."""

JUDGEMENT_HEADER = ("playbook", "corpus", "verdict", "text")
VERDICTS = ("right", "wrong")

TextLine = tuple[str, Language]


@dataclass(frozen=True, slots=True)
class PlaybookRate:
    """How often a playbook fired on a corpus.

    Attributes:
        fired: lines of the corpus on which it did.
        verdicts: how many of these a person judged.
        right_verdicts: how many of those were about the playbook's subject after all.
    """

    corpus: str
    playbook_id: str
    lines: int
    fired: int
    verdicts: int
    right_verdicts: int

    @property
    def per_10_000(self) -> float:
        """Lines that fired in 10,000."""
        return 1e4 * self.fired / self.lines

    @property
    def false_per_10_000(self) -> float:
        """Likewise, less the share that was judged right; all of them where none was judged."""
        right_ratio = self.right_verdicts / self.verdicts if self.verdicts else 0.0
        return self.per_10_000 * (1 - right_ratio)

    def as_json(self) -> dict[str, Any]:
        """A dict of JSON types."""
        return {
            "corpus": self.corpus,
            "playbook": self.playbook_id,
            "lines": self.lines,
            "fired": self.fired,
            "judged": self.verdicts,
            "right_verdicts": self.right_verdicts,
            "false_per_10_000": self.false_per_10_000,
        }


Judgements = dict[tuple[str, str], bool]
"""By playbook and text: the alert was right."""


def load_unrelated_lines(root: Path, *, reviews: int) -> dict[str, list[TextLine]]:
    """Read the measuring parts of KOTE and GoEmotions, songys' questions and some of NSMC.

    Beside them the lines of ordinary calls that come with callmood.

    Args:
        root: folder of the shared data.
        reviews: how many of NSMC's reviews, drawn with a fixed seed.

    Raises:
        CorpusError: a corpus is missing.
    """
    # The other half settles thresholds of the topic model.
    ratings = load_ratings(root / "text/nsmc/reviews.tsv.gz")[1::2]
    sample = random.Random(SEED).sample(ratings, min(reviews, len(ratings)))  # noqa: S311 - no secret
    return {
        "kote": _load_manifest(root, "kote"),
        "nsmc": [(review, Language.KOREAN) for review, _ in sample],
        "goemotions": _load_manifest(root, "goemotions"),
        "songys": [(text, Language.KOREAN) for text in _load_songys_questions(root)],
        "ordinary": load_ordinary_lines("test"),
    }


def _load_manifest(root: Path, corpus: str) -> list[TextLine]:
    return [(text, Language(language)) for _, text, language, _ in iter_manifest_rows(root, corpus)]


def _load_songys_questions(root: Path) -> list[str]:
    path = root / "text/songys_chatbot/ChatbotData.csv"
    if not path.is_file():
        load_texts(path, text=0, label=0)  # says what is missing
    with path.open(encoding="utf-8", newline="") as file:
        # The other half settles thresholds of the topic model.
        return [row["Q"] for row in csv.DictReader(file)][1::2]


def load_judgements(path: Path) -> Judgements:
    """Read the judged lines; none where the file is not there.

    Raises:
        LinesError: the file is no such list.
    """
    if not path.is_file():
        return {}
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    if not rows or tuple(rows[0]) != JUDGEMENT_HEADER:
        message = f"{path}:1: no header; begin with {' '.join(JUDGEMENT_HEADER)}, by tabs"
        raise LinesError(message)
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(JUDGEMENT_HEADER) or row[2] not in VERDICTS:
            message = f"{path}:{number}: not a playbook, a corpus, right or wrong, and a text"
            raise LinesError(message)
    return {(playbook, text): verdict == "right" for playbook, _, verdict, text in rows[1:]}


def measure_rates(
    corpus: str,
    lines: Sequence[TextLine],
    outcomes: Sequence[LineOutcome],
    judgements: Judgements,
) -> list[PlaybookRate]:
    """Count, for each playbook that fired on a corpus, how often, and what was judged right."""
    texts_by_playbook = defaultdict[str, list[str]](list)
    for (text, _), outcome in zip(lines, outcomes, strict=True):
        for playbook_id in outcome.playbook_ids:
            texts_by_playbook[playbook_id].append(text)
    return [
        _build_rate(corpus, playbook_id, len(lines), texts, judgements)
        for playbook_id, texts in sorted(texts_by_playbook.items())
    ]


def _build_rate(
    corpus: str, playbook_id: str, lines: int, texts: Sequence[str], judgements: Judgements
) -> PlaybookRate:
    keys = [(playbook_id, clean_field(text)) for text in texts]
    verdicts = [judgements[key] for key in keys if key in judgements]
    return PlaybookRate(corpus, playbook_id, lines, len(texts), len(verdicts), sum(verdicts))


def clean_field(text: str) -> str:
    """A text as one field of a tab-separated file."""
    return " ".join(text.split())


def sample_fired_lines(
    fired_lines: Iterable[tuple[str, str, str]], judgements: Judgements
) -> list[tuple[str, str, str]]:
    """Draw the lines to judge, at most `SAMPLE_LINES` a playbook; those judged come first.

    Args:
        fired_lines: playbook, corpus and text of each line that fired.
        judgements: made earlier.

    Returns:
        The same triples, by playbook.
    """
    by_playbook = defaultdict[str, list[tuple[str, str, str]]](list)
    for playbook_id, corpus, text in fired_lines:
        by_playbook[playbook_id].append((playbook_id, corpus, clean_field(text)))
    rng = random.Random(SEED)  # noqa: S311 - no secret
    drawn = []
    for _, rows in sorted(by_playbook.items()):
        rng.shuffle(rows)
        rows.sort(key=lambda row: (row[0], row[2]) not in judgements)
        drawn += rows[:SAMPLE_LINES]
    return drawn
