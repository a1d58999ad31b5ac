"""Which final lines of a call are one, which adjoin, and which repeat the other speaker. Pure.

Recognisers tell a final line again, longer, shorter or corrected; they move it by a hundred
milliseconds, cut a sentence in two, and write the agent's words into the customer's channel
when these leak. `take_line` judges each line by the newest lines of its call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from detectors.line_words import (
    covered_ratio,
    extract_letters,
    is_backchannel,
    is_similar,
    weigh_letters,
)
from detectors.record_ids import digest_id, join_id
from detectors.utterance import LinePiece, LineThread, Speaker, TimeSpan, TranscriptLine

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LINES = 16
MAX_AGE_MS = 30_000
"""Lines that ended longer before the newest are forgotten: nobody tells them again."""
MAX_TEXT = 600
"""Characters kept of a line: its beginning, by which it is known again, and its end, which may
be the first half of something."""

JOIN_GAP_MS = 1_000
"""Lines of one speaker are read together when less than this lies between them."""
MAX_PIECES = 3
MAX_UNIT_CHARS = 400

MOVED_MS = 300
"""A line that begins this much earlier or later may be the same one, if its words say so."""
MIN_PART_LETTERS = 3
"""A shorter part of a line may as well be the next piece of a sentence."""
MOVED_FAR_MS = 500
"""... and with the very same words and an overlap, this much."""

ECHO_LEAD_MS = 500
ECHO_LAG_MS = 1_000
"""A leak lies in the other's line, give or take what recognisers err, and a second behind it."""
MIN_ECHO_WEIGHT = 10
"""Five Korean syllables or ten letters: less ("네", "yes please") is an answer."""
MIN_ECHO_RATIO = 0.75
MIN_LATE_ECHO_WEIGHT = 16
MIN_LATE_ECHO_RATIO = 0.85
"""Words that begin when the other has ended may be an answer, so more must be alike."""


class Discount(StrEnum):
    """Why a customer's line counts for nothing."""

    REPEATS_AGENT = "repeats_agent"
    """It repeats what the agent says at that moment: a leak between the channels."""
    SILENCE = "silence"
    """Nobody speaks there on a channel that carries speech elsewhere: the recogniser made it up."""


@dataclass(frozen=True, slots=True)
class LineMark:
    """What was found out about a line after it came.

    Attributes:
        line_id: of the line as it stands.
        start_ms: when it begins, in ms since the call's start.
        replaces: ids of lines whose words it has now, not to be shown or counted beside it.
        discount: why it counts for nothing; ``None``: it counts.
    """

    call_id: str
    line_id: str
    start_ms: int
    replaces: tuple[str, ...] = ()
    discount: Discount | None = None

    @property
    def mark_id(self) -> str:
        """Deterministic: one for each thing that is found out of a line."""
        return join_id(self.line_id, self.discount or "counts", digest_id(*self.replaces))


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line that is remembered.

    Attributes:
        text: of it, at most `MAX_TEXT` characters.
        ids: under which it came, oldest first; the last is its own.
        unit_id: of the stretch of speech that it is read in.
        vouched: its speaker was heard there, and the other was not.
    """

    speaker: Speaker
    span: TimeSpan
    text: str
    ids: tuple[str, ...]
    unit_id: str
    unit_start_ms: int
    source_id: str = ""
    revision: int = 0
    discount: Discount | None = None
    vouched: bool = False

    @property
    def line_id(self) -> str:
        """Of its newest telling."""
        return self.ids[-1]


Ledger = tuple[LedgerLine, ...]
"""The newest final lines of a call, by arrival."""


@dataclass(frozen=True, slots=True)
class LineJudgement:
    """What `take_line` found.

    Attributes:
        ledger: with the line taken in.
        line: with its `LineThread`; ``None``: it brings no new words, or counts for nothing.
        marks: what is to be told of it and of others.
    """

    ledger: Ledger
    line: TranscriptLine | None
    marks: tuple[LineMark, ...] = ()


def take_line(
    ledger: Ledger,
    line: TranscriptLine,
    *,
    is_silent: bool = False,
    is_vouched: bool = False,
    others: Iterable[TranscriptLine] = (),
) -> LineJudgement:
    """Judge a final line by those before it.

    Args:
        ledger: of the call so far; empty for a new call.
        line: the next final line to come.
        is_silent: its speaker's channel carries speech elsewhere, and none there.
        is_vouched: its speaker was heard there, and the other was not.
        others: lines that have come and are not in the ledger yet.
    """
    known = [entry for entry in ledger if _is_retelling(entry, line)]
    if any(entry.line_id == line.line_id for entry in known):
        return LineJudgement(ledger, None)
    if known and _is_stale(known[-1], line):
        return LineJudgement(ledger, None, _mark(known[-1], line, replaces=(line.line_id,)))
    known = _with_covered(ledger, line, known) if known else []
    entry = _enter(ledger, line, known)
    discount = _find_discount(ledger, entry, others, is_silent=is_silent, is_vouched=is_vouched)
    entry = replace(entry, discount=discount, vouched=is_vouched)
    rest = tuple(other for other in ledger if other not in known)
    own_replaced = tuple(other.line_id for other in known if other.line_id != entry.line_id)
    marks = _mark(entry, line, replaces=own_replaced) if own_replaced or discount else ()
    rest, echo_marks = _discount_echoes(rest, entry, line.call_id)
    next_ledger = _prune((*rest, entry))
    brings_words = not any(
        _is_same_wording(other, line) and other.discount is None for other in known
    )
    counts = discount is None and brings_words
    earlier_texts = tuple(other.text for other in known if other.discount is None)
    thread = replace(find_thread(rest, entry), earlier_texts=earlier_texts)
    threaded = replace(line, thread=thread) if counts else None
    return LineJudgement(next_ledger, threaded, (*marks, *echo_marks))


def find_thread(ledger: Ledger, entry: LedgerLine) -> LineThread:
    """What adjoins a line.

    Args:
        ledger: the other lines.
        entry: the line.
    """
    before, after = _walk(ledger, entry, step=-1), _walk(ledger, entry, step=1)
    return LineThread(
        before=tuple(_piece(other, entry) for other in reversed(before)),
        after=tuple(_piece(other, entry) for other in after),
        earlier_ids=entry.ids[:-1],
        unit_id=entry.unit_id,
        unit_start_ms=entry.unit_start_ms,
    )


def _piece(other: LedgerLine, entry: LedgerLine) -> LinePiece:
    return LinePiece(other.line_id, other.text, in_unit=other.unit_id == entry.unit_id)


def _mark(entry: LedgerLine, line: TranscriptLine, *, replaces: tuple[str, ...]) -> tuple[LineMark]:
    return (LineMark(line.call_id, entry.line_id, entry.span.start_ms, replaces, entry.discount),)


def _is_retelling(known: LedgerLine, line: TranscriptLine) -> bool:
    """Whether a line's words were told before, as a whole or as the beginning of it."""
    if known.speaker is not line.speaker:
        return False
    if known.source_id and line.source_id:
        return known.source_id == line.source_id
    moved_ms = abs(known.span.start_ms - line.span.start_ms)
    if moved_ms > max(MOVED_FAR_MS, known.span.duration_ms):
        return False
    before, words = extract_letters(known.text), extract_letters(shorten(line.text))
    overlap_ms = known.span.overlap_ms(line.span)
    if moved_ms <= MOVED_MS and (overlap_ms or not moved_ms):
        return before == words or is_similar(before, words)
    if before == words:
        return moved_ms <= (MOVED_FAR_MS if overlap_ms else MOVED_MS)
    is_inside = 0 < overlap_ms >= line.span.duration_ms - MOVED_MS
    return is_inside and len(words) >= MIN_PART_LETTERS and words in before


def _is_stale(known: LedgerLine, line: TranscriptLine) -> bool:
    """Whether the line is an earlier state, or a part, of what is known already."""
    if known.source_id and known.source_id == line.source_id:
        return line.revision < known.revision
    is_part = line.span.start_ms - known.span.start_ms > MOVED_MS
    return is_part and not _is_same_wording(known, line)


def _is_same_wording(known: LedgerLine, line: TranscriptLine) -> bool:
    return extract_letters(known.text) == extract_letters(shorten(line.text))


def _with_covered(
    ledger: Ledger, line: TranscriptLine, known: list[LedgerLine]
) -> list[LedgerLine]:
    """With later pieces whose words and time the line has taken in."""
    words = extract_letters(line.text)
    return [
        entry
        for entry in ledger
        if entry in known
        or (
            entry.speaker is line.speaker
            and not (entry.source_id and line.source_id)
            and entry.span.overlap_ms(line.span) >= max(1, entry.span.duration_ms - MOVED_MS)
            and extract_letters(entry.text) in words
        )
    ]


def _enter(ledger: Ledger, line: TranscriptLine, known: list[LedgerLine]) -> LedgerLine:
    """The line as it is remembered, in the unit of what it replaces or of what it adjoins."""
    known_ids = [line_id for entry in known for line_id in entry.ids if line_id != line.line_id]
    # The same words, moved, stay where they were: what adjoined them then still does.
    span = next((entry.span for entry in known if _is_same_wording(entry, line)), line.span)
    entry = LedgerLine(
        speaker=line.speaker,
        span=span,
        text=shorten(line.text),
        ids=(*dict.fromkeys(known_ids), line.line_id)[-MAX_LINES:],
        unit_id=line.line_id,
        unit_start_ms=line.span.start_ms,
        source_id=line.source_id,
        revision=line.revision,
    )
    if known:
        first = known[0]
        return replace(entry, unit_id=first.unit_id, unit_start_ms=first.unit_start_ms)
    before = _walk(ledger, entry, step=-1)
    unit = [other for other in before if before and other.unit_id == before[0].unit_id]
    size = len(entry.text) + sum(len(other.text) for other in unit)
    if unit and len(unit) < MAX_PIECES and size <= MAX_UNIT_CHARS:
        return replace(entry, unit_id=unit[0].unit_id, unit_start_ms=unit[0].unit_start_ms)
    return entry


def _walk(ledger: Ledger, entry: LedgerLine, *, step: int) -> list[LedgerLine]:
    """The pieces before (-1) or after (1) a line, the nearest first.

    What begins at the same moment came earlier, and so is before it: nothing is on both sides.
    """
    lines = sorted(
        (
            other
            for other in ledger
            if other.speaker is entry.speaker
            and other.discount is None
            and other is not entry
            and (step < 0 or other.span.start_ms > entry.span.start_ms)
        ),
        key=lambda other: other.span.start_ms,
        reverse=step < 0,
    )
    pieces: list[LedgerLine] = []
    nearest = entry
    for other in lines:
        first, second = (other, nearest) if step < 0 else (nearest, other)
        if first.span.start_ms > second.span.start_ms or other.line_id == entry.line_id:
            continue
        if second.span.start_ms - first.span.end_ms >= JOIN_GAP_MS:
            break
        if len(pieces) == MAX_PIECES or _is_interrupted(ledger, first, second):
            break
        pieces.append(other)
        nearest = other
    return pieces


def _is_interrupted(ledger: Ledger, first: LedgerLine, second: LedgerLine) -> bool:
    """Whether the other speaker says more than "yes" between two lines."""
    return any(
        other.speaker is not first.speaker
        and first.span.end_ms - MOVED_MS <= other.span.start_ms < second.span.start_ms
        and other.span.start_ms > first.span.start_ms
        and not is_backchannel(other.text)
        for other in ledger
    )


def _find_discount(
    ledger: Ledger,
    entry: LedgerLine,
    others: Iterable[TranscriptLine],
    *,
    is_silent: bool,
    is_vouched: bool,
) -> Discount | None:
    if entry.speaker is not Speaker.CUSTOMER or is_vouched:
        return None
    agent_lines = [
        *((other.span, other.text) for other in ledger if other.speaker is Speaker.AGENT),
        *((other.span, other.text) for other in others if other.speaker is Speaker.AGENT),
    ]
    if _repeats_agent(entry, agent_lines):
        return Discount.REPEATS_AGENT
    return Discount.SILENCE if is_silent else None


def _discount_echoes(
    ledger: Ledger, entry: LedgerLine, call_id: str
) -> tuple[Ledger, tuple[LineMark, ...]]:
    """Of an agent's line: the customer's that turn out to repeat it, though they came before."""
    if entry.speaker is not Speaker.AGENT:
        return ledger, ()
    agent_lines = [
        (other.span, other.text) for other in (*ledger, entry) if other.speaker is Speaker.AGENT
    ]
    echoes = [
        other
        for other in ledger
        if other.speaker is Speaker.CUSTOMER
        and other.discount is None
        and not other.vouched
        and _repeats_agent(other, agent_lines)
    ]
    marks = tuple(
        LineMark(call_id, echo.line_id, echo.span.start_ms, (), Discount.REPEATS_AGENT)
        for echo in echoes
    )
    judged = tuple(
        replace(other, discount=Discount.REPEATS_AGENT) if other in echoes else other
        for other in ledger
    )
    return judged, marks


def _repeats_agent(entry: LedgerLine, agent_lines: list[tuple[TimeSpan, str]]) -> bool:
    """Whether a customer's line is one of the agent's, or several that it lies over."""
    if any(_is_echo(entry, span, text) for span, text in agent_lines):
        return True
    covered = sorted(
        {
            (span.start_ms, span.end_ms, text)
            for span, text in agent_lines
            if span.overlap_ms(entry.span)
        }
    )
    if len(covered) < 2:  # noqa: PLR2004  (one was looked at above)
        return False
    whole = TimeSpan(covered[0][0], max(end_ms for _, end_ms, _ in covered))
    return _is_echo(entry, whole, " ".join(text for *_, text in covered))


def _is_echo(entry: LedgerLine, agent_span: TimeSpan, agent_text: str) -> bool:
    """Whether a customer's line is what the agent says at that moment."""
    span = entry.span
    if not span.start_ms - agent_span.start_ms >= -ECHO_LEAD_MS:
        return False
    is_late = span.start_ms >= agent_span.end_ms
    if span.start_ms > agent_span.end_ms + ECHO_LAG_MS:
        return False
    if not is_late and span.end_ms > agent_span.end_ms + ECHO_LAG_MS:
        return False
    words = extract_letters(entry.text)
    if weigh_letters(words) < (MIN_LATE_ECHO_WEIGHT if is_late else MIN_ECHO_WEIGHT):
        return False
    min_ratio = MIN_LATE_ECHO_RATIO if is_late else MIN_ECHO_RATIO
    return covered_ratio(words, extract_letters(agent_text)) >= min_ratio


def _prune(ledger: Ledger) -> Ledger:
    """The newest lines by time, and the last to come, however late it is."""
    newest_ms = max(entry.span.end_ms for entry in ledger)
    recent = [entry for entry in ledger[:-1] if entry.span.end_ms >= newest_ms - MAX_AGE_MS]
    return (*recent[-MAX_LINES + 1 :], ledger[-1])


def shorten(text: str) -> str:
    """The beginning and the end of a long text, `MAX_TEXT` characters."""
    half = MAX_TEXT // 2
    return text if len(text) <= MAX_TEXT else f"{text[: half - 3]} … {text[-half:]}"
