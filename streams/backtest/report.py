"""What a dry-run found, ready to be shown: one row a playbook, the calls behind it, a summary."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playbooks.review.alert_diff import AlertChange, AlertOccurrence, Tally
from streams.backtest.instants import format_instant
from streams.backtest.wording import load_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from detectors.utterance import Language
    from playbooks.playbook import Playbook
    from playbooks.review.alert_diff import AlertPair
    from streams.backtest.dry_run import DryRunResult
    from streams.backtest.record_lines import LineProblems
    from streams.backtest.rule_replay import ChangedCall, RulebookPair
    from streams.site.translations import TranslationCatalogue


@dataclass(frozen=True, slots=True)
class Names:
    """What was compared and on what, as the person named it; empty rules: the built-in ones.

    Attributes:
        in_force: what it was compared with are the rules in force.
    """

    rules: str
    against: str
    record: str
    in_force: bool = True


@dataclass(frozen=True, slots=True)
class PlaybookRow:
    """One playbook.

    Attributes:
        mark: ``new`` or ``removed``, where only one set has it.
        changed: calls in which it does something else, by time.
    """

    playbook_id: str
    title: Mapping[Language, str]
    mark: str
    tally: Tally
    changed: Sequence[tuple[ChangedCall, Sequence[AlertPair]]] = ()

    @property
    def speaks(self) -> bool:
        """It gave an alert under either set, or is new: that it never alerts is an answer."""
        return bool(self.tally.before or self.tally.after or self.mark == "new")


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the table, the page and the JSON show."""

    found: DryRunResult
    rules: RulebookPair
    names: Names
    problems: LineProblems
    made_at: datetime
    rows: tuple[PlaybookRow, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", _build_rows(self.found, self.rules))

    def summary(self, language: Language) -> str:
        """In one or two sentences: what would be different."""
        t, total = load_catalogue(language), self.found.total
        calls = format_count(self.found.calls, t, singular="one_call", plural="calls_count")
        if not total.changed:
            return t("nothing", calls=calls, after=f"{total.after:,}")
        sentence = t(
            "summary",
            calls=calls,
            gained=_format_times(total.gained, t),
            lost=_format_times(total.lost, t),
            before=f"{total.before:,}",
            after=f"{total.after:,}",
        )
        return (
            f"{sentence} {t('moved_too', moved=_format_times(total.moved, t))}"
            if total.moved
            else sentence
        )

    def missing(self, language: Language) -> str:
        """Whether the changed rules may be a part only: what is not in them counts as removed."""
        count = sum(row.mark == "removed" for row in self.rows)
        if not count:
            return ""
        t, names = load_catalogue(language), self.names
        against = names.against or t("library")
        where = t("in_force") if names.in_force else t("in_against", against=against)
        key = "missing_one" if count == 1 else "missing_many"
        total = f"{len(self.rules.before):,}"
        return t(key, count=f"{count:,}", whole=total, where=where, rules=names.rules)

    def others(self, language: Language) -> str:
        """The playbooks that no row tells of, as they alert under neither set."""
        count, t = sum(not row.speaks for row in self.rows), load_catalogue(language)
        return format_count(count, t, singular="other", plural="others") if count else ""

    def remarks(self, language: Language) -> list[str]:
        """What a reader must know about the record."""
        t, result = load_catalogue(language), self.found
        remarks = []
        if result.truncated_calls and result.period.since:
            since = self.format_instant(result.period.since, language)
            remarks.append(t("halves_since", count=f"{result.truncated_calls:,}", since=since))
        elif result.truncated_calls:
            remarks.append(t("halves", count=f"{result.truncated_calls:,}"))
        if result.unlisted_calls:
            remarks.append(t("hidden", count=f"{result.unlisted_calls:,}"))
        return remarks

    def format_instant(self, instant: datetime, language: Language) -> str:
        """An instant; its year only where it is not the report's."""
        return format_instant(instant, language, reference=self.made_at)

    def per_100(self, count: int) -> str:
        """In a hundred calls, with one digit behind the point."""
        return f"{100 * count / self.found.calls:.1f}" if self.found.calls else "0.0"

    def period(self, language: Language) -> str:
        """From when to when."""
        t, period = load_catalogue(language), self.found.period
        if period.since is None and period.until is None:
            return t("everything")
        since = self.format_instant(period.since, language) if period.since else t("beginning")
        until = self.format_instant(period.until, language) if period.until else t("end")
        return t("from_to", since=since, until=until)


def to_json(report: Report) -> dict[str, Any]:
    """For programs. Times are ISO 8601, moments of a call milliseconds since its start."""
    result = report.found
    return {
        "rules": report.names.rules or "built-in",
        "against": report.names.against or "built-in",
        "record": report.names.record,
        "since": result.period.since and result.period.since.isoformat(),
        "until": result.period.until and result.period.until.isoformat(),
        "calls": result.calls,
        "calls_left_out": result.truncated_calls,
        "events": result.events,
        "lines_passed_over": report.problems.count,
        "problems": report.problems.lines,
        "total": _tally_json(result.total, report),
        "playbooks": {
            row.playbook_id: {**_tally_json(row.tally, report), "mark": row.mark or None}
            for row in report.rows
        },
        "changed_calls": [_call_json(call) for call in result.changed_calls],
        "changed_calls_not_listed": result.unlisted_calls,
    }


def describe_changes(call: ChangedCall, t: TranslationCatalogue) -> str:
    """How much changes in a call."""
    changes = Counter(pair.change for pair in call.pairs)
    return ", ".join(
        t(f"some_{change}", count=changes[change]) for change in AlertChange if changes[change]
    )


def format_count(count: int, t: TranslationCatalogue, *, singular: str, plural: str) -> str:
    """So many of something."""
    return t(singular) if count == 1 else t(plural, count=f"{count:,}")


def _format_times(count: int, t: TranslationCatalogue) -> str:
    return format_count(count, t, singular="once", plural="times")


def _build_rows(result: DryRunResult, rules: RulebookPair) -> tuple[PlaybookRow, ...]:
    before = {playbook.playbook_id: playbook for playbook in rules.before}
    after = {playbook.playbook_id: playbook for playbook in rules.after}
    rows = [_build_row(result, name, before.get(name), after.get(name)) for name in before | after]
    return tuple(sorted(rows, key=_sort_key))


def _sort_key(row: PlaybookRow) -> tuple[int, int, str]:
    """What changes most comes first, then what speaks most."""
    return -row.tally.changed, -row.tally.after, row.playbook_id


def _build_row(
    result: DryRunResult, name: str, before: Playbook | None, after: Playbook | None
) -> PlaybookRow:
    playbook = after or before
    mark = "new" if before is None else "removed" if after is None else ""
    changes = (
        (call, [pair for pair in call.pairs if pair.alert.playbook_id == name])
        for call in result.changed_calls
    )
    return PlaybookRow(
        playbook_id=name,
        title=playbook.title if playbook else {},
        mark=mark,
        tally=result.tallies.get(name, Tally()),
        changed=[(call, pairs) for call, pairs in changes if pairs],
    )


def _tally_json(tally: Tally, report: Report) -> dict[str, Any]:
    counts = {name: getattr(tally, name) for name in ("before", "after", *map(str, AlertChange))}
    rates = {
        f"{name}_per_100_calls": float(report.per_100(counts[name])) for name in ("before", "after")
    }
    return {**counts, **rates}


def _call_json(call: ChangedCall) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "started_at": call.started_at.isoformat(),
        "changes": [
            {
                "playbook_id": pair.alert.playbook_id,
                "change": pair.change,
                "before": _alert_json(pair.before),
                "after": _alert_json(pair.after),
            }
            for pair in call.pairs
        ],
    }


def _alert_json(alert: AlertOccurrence | None) -> dict[str, Any] | None:
    if alert is None:
        return None
    return {
        "at_ms": alert.at_ms,
        "level": alert.level,
        "step": alert.step,
        "reasons": [reason.to_json() for reason in alert.reasons],
    }
