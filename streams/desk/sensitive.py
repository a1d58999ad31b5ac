"""What a call's alerts say of its customer, with the moments that each finding rests on. Pure."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.playbook import Alert
from playbooks.sensitivity import Finding, findings
from streams.desk.models import EvidenceShown, SensitiveShown
from streams.ids import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.desk.models import AlertShown, LineShown, MoodShown

EVIDENCE_SHOWN = 8
"""The newest of them: a long call has more than anybody reads while it goes on."""


def sensitive_in(
    alerts: Iterable[AlertShown], lines: Sequence[LineShown], moods: Iterable[MoodShown]
) -> list[SensitiveShown]:
    """Every kind that was found, the gravest first.

    Args:
        alerts: of one call; what somebody called wrong is left out.
        lines: of its transcript, in the order of the call.
        moods: of it; what rests on a mood is shown at the mood's moment.
    """
    mood_at = {mood.number: mood.at_ms for mood in moods}
    return [
        SensitiveShown(
            kind=one.kind,
            level=one.level,
            since_ms=one.since_ms,
            alerts=one.alerts,
            reasons=list(one.reasons),
            evidence=_evidence(one, lines, mood_at),
        )
        for one in findings(_alert(alert) for alert in alerts if not alert.disputed)
    ]


def _evidence(
    finding: Finding, lines: Sequence[LineShown], mood_at: Mapping[int, int]
) -> list[EvidenceShown]:
    """The moments that a finding rests on; what lies in the same line is one."""
    moments = sorted(
        {at for cause in finding.cause_ids if (at := _moment(cause, mood_at)) is not None}
    )
    found = [_at(at, lines) for at in moments]
    shown = {one.line_id or str(one.at_ms): one for one in found}
    return list(shown.values())[-EVIDENCE_SHOWN:]


def _moment(cause_id: str, mood_at: Mapping[int, int]) -> int | None:
    """When what an id names began, in ms since the call's start; ``None``: not known here.

    Ids are ``call~speaker~start~kind`` of readings and lines, ``call~kind~speaker~start`` of
    turns, ``call~mood~number`` of moods.
    """
    _, *parts = cause_id.split(SEPARATOR)
    if parts[:1] == ["mood"] and len(parts) > 1:
        return mood_at.get(int(parts[1])) if parts[1].isdigit() else None
    return next((int(part) for part in parts if part.isdigit()), None)


def _at(at_ms: int, lines: Sequence[LineShown]) -> EvidenceShown:
    """The line in which a moment lies, or the one before it; without any, the bare moment."""
    number = bisect_right([line.start_ms for line in lines], at_ms) - 1
    if number < 0:
        return EvidenceShown(at_ms=at_ms, line_id=None, speaker=None, text="")
    line = lines[number]
    return EvidenceShown(
        at_ms=line.start_ms, line_id=line.line_id, speaker=line.speaker, text=line.text
    )


def _alert(shown: AlertShown) -> Alert:
    """The domain's value: it knows what makes a call sensitive."""
    return Alert(
        call_id=shown.call_id,
        playbook_id=shown.playbook_id,
        playbook_version=shown.playbook_version,
        level=shown.level,
        at_ms=shown.at_ms,
        step=shown.step,
        title=shown.title,
        suggestion={lang: tuple(texts) for lang, texts in shown.suggestion.items()},
        why=shown.why,
        reasons=tuple(shown.reasons),
        cause_ids=tuple(shown.cause_ids),
        sensitive=shown.sensitive,
        language=shown.language or Language.KOREAN,
    )
