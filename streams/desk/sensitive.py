"""What a call's alerts say of its customer, with the moments that each finding rests on. Pure."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, TypeAlias

from detectors.mood import Mood
from detectors.reading import Reading
from detectors.utterance import TranscriptLine, Turn
from playbooks.events import event_id
from playbooks.findings import Finding, collect_findings
from streams.desk.models import EvidenceView, SensitiveFindingView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.desk.models import AlertView

CallEvidence: TypeAlias = TranscriptLine | Reading | Mood | Turn

EVIDENCE_LIMIT = 8
"""The newest of them: a long call has more than anybody reads while it goes on."""


def find_sensitive(
    alerts: Iterable[AlertView], lines: Sequence[TranscriptLine], others: Iterable[CallEvidence]
) -> list[SensitiveFindingView]:
    """Every kind that was found, the gravest first.

    Args:
        alerts: of one call; what somebody called wrong is left out.
        lines: of its transcript, in the order of the call.
        others: what else of the call a finding may rest on; it is shown at its own moment.
    """
    moments = {event_id(record): _start_ms(record) for record in (*lines, *others)}
    return [
        SensitiveFindingView(
            kind=finding.kind,
            level=finding.level,
            since_ms=finding.since_ms,
            alerts=finding.alert_count,
            reasons=list(finding.reasons),
            evidence=_find_evidence(finding, lines, moments),
        )
        for finding in collect_findings(alert.record for alert in alerts if not alert.is_disputed)
    ]


def _start_ms(record: CallEvidence) -> int:
    """When it began, in ms since the call's start; a mood is of one moment."""
    return record.at_ms if isinstance(record, Mood) else record.span.start_ms


def _find_evidence(
    finding: Finding, lines: Sequence[TranscriptLine], moments: Mapping[str, int]
) -> list[EvidenceView]:
    """The moments that a finding rests on; what lies in the same line is one."""
    causes = sorted({moments[cause] for cause in finding.cause_ids if cause in moments})
    evidence = [_evidence_at(at_ms, lines) for at_ms in causes]
    evidence_by_line = {item.line_id or str(item.at_ms): item for item in evidence}
    return list(evidence_by_line.values())[-EVIDENCE_LIMIT:]


def _evidence_at(at_ms: int, lines: Sequence[TranscriptLine]) -> EvidenceView:
    """The line in which a moment lies, or the one before it; without any, the bare moment."""
    index = bisect_right([line.span.start_ms for line in lines], at_ms) - 1
    if index < 0:
        return EvidenceView(at_ms=at_ms, line_id=None, speaker=None, text="")
    line = lines[index]
    return EvidenceView(
        at_ms=line.span.start_ms, line_id=line.line_id, speaker=line.speaker, text=line.text
    )
