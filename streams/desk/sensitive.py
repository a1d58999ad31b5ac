"""What a call's alerts say of its customer, with the moments that each finding rests on. Pure."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from detectors.utterance import Language
from playbooks.alert import Alert
from playbooks.findings import Finding, collect_findings
from streams.desk.models import EvidenceView, SensitiveFindingView
from streams.ids import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.desk.models import AlertView, MoodView, TranscriptLineView

EVIDENCE_LIMIT = 8
"""The newest of them: a long call has more than anybody reads while it goes on."""


def find_sensitive(
    alerts: Iterable[AlertView], lines: Sequence[TranscriptLineView], moods: Iterable[MoodView]
) -> list[SensitiveFindingView]:
    """Every kind that was found, the gravest first.

    Args:
        alerts: of one call; what somebody called wrong is left out.
        lines: of its transcript, in the order of the call.
        moods: of it; what rests on a mood is shown at the mood's moment.
    """
    mood_at = {mood.number: mood.at_ms for mood in moods}
    return [
        SensitiveFindingView(
            kind=finding.kind,
            level=finding.level,
            since_ms=finding.since_ms,
            alerts=finding.alert_count,
            reasons=list(finding.reasons),
            evidence=_find_evidence(finding, lines, mood_at),
        )
        for finding in collect_findings(
            _to_domain_alert(alert) for alert in alerts if not alert.is_disputed
        )
    ]


def _find_evidence(
    finding: Finding, lines: Sequence[TranscriptLineView], mood_at: Mapping[int, int]
) -> list[EvidenceView]:
    """The moments that a finding rests on; what lies in the same line is one."""
    moments = sorted(
        {
            at_ms
            for cause in finding.cause_ids
            if (at_ms := _cause_at_ms(cause, mood_at)) is not None
        }
    )
    evidence = [_evidence_at(at_ms, lines) for at_ms in moments]
    evidence_by_line = {item.line_id or str(item.at_ms): item for item in evidence}
    return list(evidence_by_line.values())[-EVIDENCE_LIMIT:]


def _cause_at_ms(cause_id: str, mood_at: Mapping[int, int]) -> int | None:
    """When what an id names began, in ms since the call's start; ``None``: not known here.

    Ids are ``call~speaker~start~kind`` of readings and lines, ``call~kind~speaker~start`` of
    turns, ``call~mood~number`` of moods.
    """
    _, *parts = cause_id.split(SEPARATOR)
    if parts[:1] == ["mood"] and len(parts) > 1:
        return mood_at.get(int(parts[1])) if parts[1].isdigit() else None
    return next((int(part) for part in parts if part.isdigit()), None)


def _evidence_at(at_ms: int, lines: Sequence[TranscriptLineView]) -> EvidenceView:
    """The line in which a moment lies, or the one before it; without any, the bare moment."""
    index = bisect_right([line.start_ms for line in lines], at_ms) - 1
    if index < 0:
        return EvidenceView(at_ms=at_ms, line_id=None, speaker=None, text="")
    line = lines[index]
    return EvidenceView(
        at_ms=line.start_ms, line_id=line.line_id, speaker=line.speaker, text=line.text
    )


def _to_domain_alert(alert: AlertView) -> Alert:
    """The domain's value: it knows what makes a call sensitive."""
    return Alert(
        call_id=alert.call_id,
        playbook_id=alert.playbook_id,
        playbook_version=alert.playbook_version,
        level=alert.level,
        at_ms=alert.at_ms,
        step=alert.step,
        title=alert.title,
        suggestion={lang: tuple(texts) for lang, texts in alert.suggestion.items()},
        why=alert.why,
        reasons=tuple(alert.reasons),
        cause_ids=tuple(alert.cause_ids),
        sensitive=alert.sensitive,
        language=alert.language or Language.KOREAN,
    )
