"""A call as people read it: what was said, which alerts came, who confirmed what. Pure.

Korean and English side by side, because whoever reads it may read only one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from detectors.utterance import Language
from playbooks.conditions.reason_wording import word_reason
from playbooks.reason import Reason
from streams.site.filters import clock
from streams.site.translations import load_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.evidence.manifest import CallMetadata

Row = Mapping[str, Any]

LANGUAGES = (Language.KOREAN, Language.ENGLISH)
UNKNOWN_START_MS = 1 << 40
"""Where a confirmation stands of a call whose start is unknown, in ms."""

_HELP_ACTIONS = ("notify_supervisor", "offer_rest")


def format_transcript(
    facts: CallMetadata, lines: Sequence[Row], *, alerts: Sequence[Row], steps: Sequence[Row]
) -> str:
    """The whole call.

    Args:
        facts: of the call; steps are placed by its start, and come last where that is unknown.
        lines: of the transcript, in the order of the call.
        alerts: of the call.
        steps: confirmations, with ``at`` as text.
    """
    entries = [*_line_entries(lines), *_alert_entries(alerts), *_step_entries(facts, alerts, steps)]
    body = "".join(f"{text}\n" for _, text in sorted(entries, key=lambda entry: entry[0]))
    return _format_header(facts) + body


def _format_header(facts: CallMetadata) -> str:
    started_at = _format_utc(facts.started_at) if facts.started_at else "?"
    return (
        f"통화 / Call: {facts.call_id}\n"
        f"시작 / Started: {started_at}\n"
        f"상담사 / Agent: {facts.agent_id or '?'}\n"
        "[0:00]은 통화가 시작된 뒤의 시간입니다. / [0:00] counts from the call's start.\n\n"
    )


def _line_entries(lines: Sequence[Row]) -> Iterator[tuple[int, str]]:
    for line in lines:
        partial_mark = "" if line["final"] else " [...]"
        text = " ".join(line["text"].split())
        speaker = _translate(f"speaker.{line['speaker']}")
        yield line["start_ms"], f"[{clock(line['start_ms'])}] {speaker}: {text}{partial_mark}"


def _alert_entries(alerts: Sequence[Row]) -> Iterator[tuple[int, str]]:
    for alert in alerts:
        level = _translate(f"alerts.level.{alert['level']}")
        playbook = f"{alert['playbook_id']}, 버전 / version {alert['playbook_version']}"
        headline = f"[{clock(alert['at_ms'])}] ** 알림 / Alert ({level}): {_format_title(alert)}"
        details = f"\n    플레이북 / Playbook: {playbook}{_format_reasons(alert)}"
        yield alert["at_ms"], f"{headline}{details}"


def _format_reasons(alert: Row) -> str:
    """Why it came, in both languages: `alerts.json` has only codes."""
    reasons = map(Reason.from_json, alert["reasons"])
    texts = (
        " / ".join(dict.fromkeys(word_reason(reason, load_catalogue(lang)) for lang in LANGUAGES))
        for reason in reasons
    )
    return "".join(f"\n    근거 / Reason: {text}" for text in texts)


def _step_entries(
    facts: CallMetadata, alerts: Sequence[Row], steps: Sequence[Row]
) -> Iterator[tuple[int, str]]:
    alerts_by_id = {alert["alert_id"]: alert for alert in alerts}
    for step in steps:
        at = datetime.fromisoformat(step["at"])
        elapsed = at - facts.started_at if facts.started_at else None
        ms = (
            max(0, int(elapsed.total_seconds() * 1000)) if elapsed is not None else UNKNOWN_START_MS
        )
        time_prefix = f"[{clock(ms)}] " if elapsed is not None else ""
        context = _format_step_context(step, alerts_by_id.get(step["alert_id"]), facts.language)
        yield ms, f"{time_prefix}** {_format_confirmation(step)}, {_format_utc(at)}{context}"


def _format_confirmation(step: Row) -> str:
    """Who pressed what, in the words of the button."""
    state = "확인 / Confirmed" if step["state"] == "done" else "되돌림 / Taken back"
    is_response = step["role"] == "supervisor" and step["action"] in _HELP_ACTIONS
    action = _translate(f"steps.did.{'care' if is_response else step['action']}")
    person = f"{_translate('steps.by.' + step['role'])} {step['given_by']}".strip()
    return f"{state}: {person}: “{action}”"


def _format_step_context(step: Row, alert: Row | None, language: str) -> str:
    """Which alert, and the words of the step: what is said aloud in the call's language."""
    if alert is None:
        return ""
    texts = alert["suggestion"]
    any_other: list[str] = next(iter(texts.values()), [])
    spoken: list[str] = texts.get(alert["language"] or language) or any_other
    sentence = spoken[step["index"]] if step["index"] < len(spoken) else ""
    headline = f"\n    알림 / Alert: {_format_title(alert)} [{clock(alert['at_ms'])}]"
    return f"{headline}\n    내용 / Words: {sentence}" if sentence else headline


def _format_title(alert: Row) -> str:
    titles = alert["title"]
    return " / ".join(titles[language] for language in LANGUAGES if language in titles)


def _translate(key: str) -> str:
    return " / ".join(dict.fromkeys(load_catalogue(language)(key) for language in LANGUAGES))


def _format_utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
