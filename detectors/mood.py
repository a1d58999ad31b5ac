"""A customer's readings over time become a mood: level, trend, shift, with hysteresis.

Pure: `update_mood` takes the mood so far and a reading and returns the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from annotated_types import Ge

from detectors.fusion import SAME_MOMENT_MS, FusedReading, fuse
from detectors.labels import EMOTIONS, Emotion
from detectors.quantities import Ms, Ratio, Valence
from detectors.reading import Contrast, Reading
from detectors.record_ids import join_id
from detectors.trust import discount_unreliable


class MoodLevel(StrEnum):
    """How strained the customer seems, for people who glance at a screen."""

    CALM = "calm"
    TENSE = "tense"
    UPSET = "upset"


class Trend(StrEnum):
    """Where the strain has been going over the last half minute."""

    EASING = "easing"
    STEADY = "steady"
    RISING = "rising"


HALF_LIFE_MS = 15_000
"""After this much speech-less or differently toned time an old moment counts half."""

PRIOR_WEIGHT = 0.9
"""How much "calm" weighs before anything was heard: one odd moment is not a mood. A first one that
is 90% strained, with as much confidence, stays just below `ENTER_THRESHOLDS`, so the number that
people see and the level that they read do not contradict each other."""

ENTER_THRESHOLDS = {MoodLevel.TENSE: 0.45, MoodLevel.UPSET: 0.58}
"""A level is entered when the strain is at least this."""

EXIT_THRESHOLDS = {MoodLevel.TENSE: 0.35, MoodLevel.UPSET: 0.48}
"""... and left only when the strain is below this: no flicker."""

STRAINED_THRESHOLD = 0.525
"""A moment counts as strained when this much of its own probability is negative emotion. A little
more than half: line noise moves a calm caller's moments over .5 and back (decision 46)."""

MIN_STRAINED_MOMENTS = {MoodLevel.TENSE: 2, MoodLevel.UPSET: 3}
"""A level is entered only after so many strained moments within `MOMENTS_WINDOW_MS`: a detector
that errs once in a while must not raise it, however sure it is of its error."""

MIN_EASED_MOMENTS = 2
"""A level is left only after so many moments in a row that were not strained: one friendly line,
or one that a recogniser made up, does not end anger. It mirrors `MIN_STRAINED_MOMENTS`."""

MOMENTS_WINDOW_MS = 45_000
TREND_WINDOW_MS = 30_000
TREND_CHANGE = 0.12
SHIFT_CHANGE = 0.25


@dataclass(frozen=True, slots=True)
class Mood:
    """The smoothed state of the customer in one call at ``at_ms``.

    Attributes:
        at_ms: end of the newest speech it knows of, since the call's start.
        number: how many moods this call had before; words that come after the voice of the same
            moment make a new mood of the same ``at_ms``.
        scores: smoothed probability (0-1) of each of `EMOTIONS`; they sum to 1.
        strain: smoothed probability of a negative emotion, 0-1.
        level: `strain` as one of three levels, with hysteresis.
        level_since_ms: when that level was entered.
        trend: direction of the strain over the last `TREND_WINDOW_MS`.
        shift: this very moment raised the strain by `SHIFT_CHANGE` or more.
        disagreement: at this moment voice and words pointed to different sides, both sure.
        contrast: and how; ``None`` where they did not.
        arousal: smoothed, 0 (low) to 1 (high); ``None`` before any reading estimated it.
        valence: smoothed, -1 (unpleasant) to 1 (pleasant); ``None`` likewise.
    """

    call_id: str
    at_ms: Ms
    scores: Mapping[Emotion, Ratio]
    strain: Ratio
    level: MoodLevel = MoodLevel.CALM
    level_since_ms: Ms = 0
    trend: Trend = Trend.STEADY
    shift: bool = False
    disagreement: bool = False
    number: Annotated[int, Ge(0)] = 0
    contrast: Contrast | None = None
    arousal: Ratio | None = None
    valence: Valence | None = None

    @property
    def mood_id(self) -> str:
        """Deterministic: the same readings in the same order give the same ids."""
        return join_id(self.call_id, "mood", self.number)

    @property
    def label(self) -> Emotion:
        """The dominant emotion."""
        return max(self.scores, key=lambda label: self.scores[label])


@dataclass(frozen=True, slots=True)
class MoodState:
    """The state of a call's mood: enough to continue, nothing of the audio.

    Attributes:
        mood: the newest mood, ``None`` before the first reading that did not abstain.
        settled_scores: smoothed evidence of the moments before the current one.
        weight: how much evidence `settled_scores` stands for.
        settled_at_ms: the instant `settled_scores` was last decayed to.
        settled_mood: the mood before the current moment, which it is redone from.
        moment: readings of the current moment (one per modality), not yet settled.
        strains: ``(at_ms, strain)`` of the last `TREND_WINDOW_MS`, oldest first.
        strained_at_ms: ends of the settled moments of the last `MOMENTS_WINDOW_MS` that were
            strained, oldest first.
        eased_count: settled moments in a row, up to the newest, that were not strained.
        settled_ids: ``(reading_id, end_ms)`` of words that were settled, oldest first: read
            anew as they were, they do not count twice.
    """

    mood: Mood | None = None
    settled_scores: Mapping[Emotion, float] | None = None
    weight: float = PRIOR_WEIGHT
    settled_at_ms: int = 0
    settled_mood: Mood | None = None
    moment: tuple[Reading, ...] = ()
    strains: tuple[tuple[int, float], ...] = ()
    strained_at_ms: tuple[int, ...] = ()
    eased_count: int = 0
    settled_ids: tuple[tuple[str, int], ...] = ()


MAX_SETTLED_IDS = 16
MIN_GROWTH_MS = 500
"""Words that were settled and are told again longer are a moment of their own from here on."""


def update_mood(state: MoodState, reading: Reading) -> MoodState:
    """Take one more reading into a call's mood.

    A reading of the current moment by the other modality refines that moment; a later one
    settles it. A reading that is older than the settled past is taken as of now, damped like
    any other: late words still count, but do not rewrite what people have already seen.

    Args:
        state: of the call so far; `MoodState` () for a new call.
        reading: the next one, of either modality.

    Returns:
        The new state, with the new mood in ``mood``; the same state for a reading that abstained.
    """
    if reading.abstained or _is_settled(state, reading):
        return state
    if state.moment and not _same_moment(state.moment, reading):
        state = _settle(state)
    others = tuple(r for r in state.moment if r.modality is not reading.modality)
    state = replace(state, moment=(*others, reading))
    fused = _fuse_moment(state.moment)
    return state if fused is None else _with_mood(state, reading.call_id, fused)


def retract_lines(state: MoodState, line_ids: AbstractSet[str]) -> MoodState:
    """Take back the readings of lines that turned out to count for nothing.

    What is settled stays: people have seen it. The next mood is made without the others.
    """
    moment = tuple(r for r in state.moment if line_ids.isdisjoint(r.line_ids))
    return state if len(moment) == len(state.moment) else replace(state, moment=moment)


def _is_settled(state: MoodState, reading: Reading) -> bool:
    """Whether these words counted in an earlier moment, and are not longer now."""
    ended_at_ms = dict(state.settled_ids).get(reading.reading_id) if reading.unit_id else None
    return ended_at_ms is not None and reading.span.end_ms < ended_at_ms + MIN_GROWTH_MS


def _fuse_moment(moment: tuple[Reading, ...]) -> FusedReading | None:
    return fuse(map(discount_unreliable, moment))


def _same_moment(moment: tuple[Reading, ...], reading: Reading) -> bool:
    if any(r.modality is reading.modality and not _is_same_speech(r, reading) for r in moment):
        return False
    return all(r.span.gap_ms(reading.span) <= SAME_MOMENT_MS for r in moment)


def _is_same_speech(reading: Reading, other: Reading) -> bool:
    """One is the other read anew; words that were told again longer keep their id."""
    if reading.unit_id or other.unit_id:
        return reading.reading_id == other.reading_id
    return reading.span == other.span


def _settle(state: MoodState) -> MoodState:
    fused = _fuse_moment(state.moment)
    if fused is None or state.mood is None:
        return replace(state, moment=())
    settled_scores, weight = _exponential_mean(state, fused, state.mood.at_ms)
    strains = (*state.strains, (state.mood.at_ms, state.mood.strain))
    start = state.mood.at_ms - TREND_WINDOW_MS
    return MoodState(
        mood=state.mood,
        settled_scores=settled_scores,
        weight=weight,
        settled_at_ms=state.mood.at_ms,
        settled_mood=state.mood,
        strains=tuple(point for point in strains if point[0] >= start),
        strained_at_ms=_recent_strained_ms(state, fused, state.mood.at_ms),
        eased_count=_count_eased(state, fused),
        settled_ids=_settle_ids(state),
    )


def _count_eased(state: MoodState, fused: FusedReading) -> int:
    """Moments in a row that were not strained, the current one included."""
    return 0 if fused.strain >= STRAINED_THRESHOLD else state.eased_count + 1


def _settle_ids(state: MoodState) -> tuple[tuple[str, int], ...]:
    read = ((r.reading_id, r.span.end_ms) for r in state.moment if r.unit_id)
    return (*state.settled_ids, *read)[-MAX_SETTLED_IDS:]


def _recent_strained_ms(state: MoodState, fused: FusedReading, at_ms: int) -> tuple[int, ...]:
    """When the customer was strained of late, the current moment included."""
    ends_ms = (
        (*state.strained_at_ms, at_ms)
        if fused.strain >= STRAINED_THRESHOLD
        else state.strained_at_ms
    )
    return tuple(end_ms for end_ms in ends_ms if end_ms >= at_ms - MOMENTS_WINDOW_MS)


def _exponential_mean(
    state: MoodState, fused: FusedReading, at_ms: int
) -> tuple[dict[Emotion, float], float]:
    """Exponentially weighted mean of everything settled and the current moment."""
    past_scores = state.settled_scores or {
        label: float(label is Emotion.NEUTRAL) for label in EMOTIONS
    }
    age_ms = max(0, at_ms - state.settled_at_ms) if state.settled_scores else 0
    weight = state.weight * 0.5 ** (age_ms / HALF_LIFE_MS)
    total = weight + fused.confidence
    scores = {
        label: (weight * past_scores[label] + fused.confidence * fused.scores[label]) / total
        for label in EMOTIONS
    }
    return scores, total


def _with_mood(state: MoodState, call_id: str, fused: FusedReading) -> MoodState:
    previous = state.settled_mood
    at_ms = max(*(r.span.end_ms for r in state.moment), previous.at_ms if previous else 0)
    scores, total = _exponential_mean(state, fused, at_ms)
    strain = FusedReading(scores=scores, confidence=1.0).strain
    level = _next_level(
        previous.level if previous else MoodLevel.CALM,
        strain,
        moments=len(_recent_strained_ms(state, fused, at_ms)),
        eased=_count_eased(state, fused),
    )
    share = fused.confidence / total
    mood = Mood(
        call_id=call_id,
        at_ms=at_ms,
        scores=scores,
        strain=strain,
        level=level,
        level_since_ms=_level_since_ms(previous, level, at_ms),
        trend=_trend(state.strains, strain),
        shift=strain - (previous.strain if previous else 0.0) >= SHIFT_CHANGE,
        disagreement=fused.disagreement,
        number=state.mood.number + 1 if state.mood else 0,
        contrast=fused.contrast,
        arousal=_smooth(previous.arousal if previous else None, fused.arousal, share),
        valence=_smooth(previous.valence if previous else None, fused.valence, share),
    )
    return replace(state, mood=mood)


def _level_since_ms(previous: Mood | None, level: MoodLevel, at_ms: int) -> int:
    """When the level was entered; a customer is taken to be calm before anything was heard."""
    if previous is None:
        return 0 if level is MoodLevel.CALM else at_ms
    return previous.level_since_ms if level is previous.level else at_ms


def _smooth(previous: float | None, current: float | None, share: float) -> float | None:
    """Draw what was felt before towards the present, by the share that the present has."""
    if previous is None or current is None:
        return previous if current is None else current
    return previous + share * (current - previous)


def _next_level(level: MoodLevel, strain: float, *, moments: int, eased: int) -> MoodLevel:
    """The highest level that is entered now, or held; one cannot be held that was not reached."""
    order = list(MoodLevel)
    for candidate in (MoodLevel.UPSET, MoodLevel.TENSE):
        is_entered = (
            strain >= ENTER_THRESHOLDS[candidate] and moments >= MIN_STRAINED_MOMENTS[candidate]
        )
        is_held = order.index(level) >= order.index(candidate) and (
            strain >= EXIT_THRESHOLDS[candidate] or eased < MIN_EASED_MOMENTS
        )
        if is_entered or is_held:
            return candidate
    return MoodLevel.CALM


def _trend(strains: tuple[tuple[int, float], ...], strain: float) -> Trend:
    if not strains:
        return Trend.STEADY
    change = strain - strains[0][1]
    if change >= TREND_CHANGE:
        return Trend.RISING
    return Trend.EASING if change <= -TREND_CHANGE else Trend.STEADY
