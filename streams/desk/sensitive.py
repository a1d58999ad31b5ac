"""What a call's alerts say of its customer, with the moments that each finding rests on. Pure."""

from __future__ import annotations

from bisect import bisect_right
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from detectors.mood import Mood
from detectors.reading import Reading
from detectors.utterance import TranscriptLine, Turn
from playbooks.events import event_id
from playbooks.findings import collect_findings
from streams.desk.models import EvidenceView, SensitiveFindingView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.desk.models import AlertView

CallEvidence: TypeAlias = TranscriptLine | Reading | Mood | Turn

EVIDENCE_LIMIT = 8
"""The newest of them: a long call has more than anybody reads while it goes on."""


_NO_IDS: Mapping[str, str] = MappingProxyType({})


def find_sensitive(
    alerts: Iterable[AlertView],
    lines: Sequence[TranscriptLine],
    others: Iterable[CallEvidence],
    *,
    newest_ids: Mapping[str, str] = _NO_IDS,
) -> list[SensitiveFindingView]:
    """Every kind that was found, the gravest first.

    Args:
        alerts: of one call; what somebody called wrong is left out.
        lines: of its transcript, in the order of the call.
        others: what else of the call a finding may rest on; it is shown at its own moment.
        newest_ids: by the id of a line that was told again, its id as it stands.
    """
    moments = {event_id(record): _start_ms(record) for record in (*lines, *others)}
    return [
        SensitiveFindingView(
            kind=finding.kind,
            level=finding.level,
            since_ms=finding.since_ms,
            alerts=finding.alert_count,
            reasons=list(finding.reasons),
            evidence=_find_evidence(
                [newest_ids.get(cause, cause) for cause in finding.cause_ids], lines, moments
            ),
        )
        for finding in collect_findings(alert.record for alert in alerts if not alert.is_disputed)
    ]


def _start_ms(record: CallEvidence) -> int:
    """When it began, in ms since the call's start; a mood is of one moment."""
    return record.at_ms if isinstance(record, Mood) else record.span.start_ms


def _find_evidence(
    cause_ids: Sequence[str], lines: Sequence[TranscriptLine], moments: Mapping[str, int]
) -> list[EvidenceView]:
    """The moments that a finding rests on; what lies in the same line is one."""
    lines_by_id = {line.line_id: line for line in lines}
    others = (cause for cause in cause_ids if cause in moments and cause not in lines_by_id)
    causes = sorted({moments[cause] for cause in others})
    evidence = [_evidence_at(at_ms, lines) for at_ms in causes]
    evidence += [_line_evidence(lines_by_id[cause]) for cause in cause_ids if cause in lines_by_id]
    evidence.sort(key=lambda item: item.at_ms)
    evidence_by_line = {item.line_id or str(item.at_ms): item for item in evidence}
    return list(evidence_by_line.values())[-EVIDENCE_LIMIT:]


def _evidence_at(at_ms: int, lines: Sequence[TranscriptLine]) -> EvidenceView:
    """The line in which a moment lies, or the one before it; without any, the bare moment."""
    index = bisect_right([line.span.start_ms for line in lines], at_ms) - 1
    if index < 0:
        return EvidenceView(at_ms=at_ms, line_id=None, speaker=None, text="")
    return _line_evidence(lines[index])


def _line_evidence(line: TranscriptLine) -> EvidenceView:
    return EvidenceView(
        at_ms=line.span.start_ms, line_id=line.line_id, speaker=line.speaker, text=line.text
    )
