"""What a dry-run found, ready to be shown: one row a playbook, the calls behind it, a summary."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playbooks.review.alert_diff import Change, Fired, Tally
from streams.backtest.instants import shown
from streams.backtest.wording import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from detectors.utterance import Language
    from playbooks.playbook import Playbook
    from playbooks.review.alert_diff import Pair
    from streams.backtest.dry_run import Found
    from streams.backtest.record_lines import Problems
    from streams.backtest.rule_replay import ChangedCall, Rules
    from streams.site.translations import Catalogue


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
class Row:
    """One playbook.

    Attributes:
        mark: ``new`` or ``removed``, where only one set has it.
        changed: calls in which it does something else, by time.
    """

    playbook_id: str
    title: Mapping[Language, str]
    mark: str
    tally: Tally
    changed: Sequence[tuple[ChangedCall, Sequence[Pair]]] = ()

    @property
    def speaks(self) -> bool:
        """It gave an alert under either set, or is new: that it never alerts is an answer."""
        return bool(self.tally.before or self.tally.after or self.mark == "new")


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the table, the page and the JSON show."""

    found: Found
    rules: Rules
    names: Names
    problems: Problems
    made_at: datetime
    rows: tuple[Row, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", _rows(self.found, self.rules))

    def summary(self, language: Language) -> str:
        """In one or two sentences: what would be different."""
        t, total = words(language), self.found.total
        calls = counted(self.found.calls, t, one="one_call", many="calls_count")
        if not total.changed:
            return t("nothing", calls=calls, after=f"{total.after:,}")
        told = t(
            "summary",
            calls=calls,
            gained=_times(total.gained, t),
            lost=_times(total.lost, t),
            before=f"{total.before:,}",
            after=f"{total.after:,}",
        )
        return f"{told} {t('moved_too', moved=_times(total.moved, t))}" if total.moved else told

    def missing(self, language: Language) -> str:
        """Whether the changed rules may be a part only: what is not in them counts as removed."""
        count = sum(row.mark == "removed" for row in self.rows)
        if not count:
            return ""
        t, names = words(language), self.names
        against = names.against or t("library")
        where = t("in_force") if names.in_force else t("in_against", against=against)
        key = "missing_one" if count == 1 else "missing_many"
        whole = f"{len(self.rules.before):,}"
        return t(key, count=f"{count:,}", whole=whole, where=where, rules=names.rules)

    def others(self, language: Language) -> str:
        """The playbooks that no row tells of, as they alert under neither set."""
        count, t = sum(not row.speaks for row in self.rows), words(language)
        return counted(count, t, one="other", many="others") if count else ""

    def remarks(self, language: Language) -> list[str]:
        """What a reader must know about the record."""
        t, found = words(language), self.found
        remarks = []
        if found.halves and found.period.since:
            since = self.shown(found.period.since, language)
            remarks.append(t("halves_since", count=f"{found.halves:,}", since=since))
        elif found.halves:
            remarks.append(t("halves", count=f"{found.halves:,}"))
        if found.hidden:
            remarks.append(t("hidden", count=f"{found.hidden:,}"))
        return remarks

    def shown(self, moment: datetime, language: Language) -> str:
        """An instant; its year only where it is not the report's."""
        return shown(moment, language, beside=self.made_at)

    def per_100(self, count: int) -> str:
        """In a hundred calls, with one digit behind the point."""
        return f"{100 * count / self.found.calls:.1f}" if self.found.calls else "0.0"

    def period(self, language: Language) -> str:
        """From when to when."""
        t, period = words(language), self.found.period
        if period.since is None and period.until is None:
            return t("everything")
        since = self.shown(period.since, language) if period.since else t("beginning")
        until = self.shown(period.until, language) if period.until else t("end")
        return t("from_to", since=since, until=until)


def to_json(report: Report) -> dict[str, Any]:
    """For programs. Times are ISO 8601, moments of a call milliseconds since its start."""
    found = report.found
    return {
        "rules": report.names.rules or "built-in",
        "against": report.names.against or "built-in",
        "record": report.names.record,
        "since": found.period.since and found.period.since.isoformat(),
        "until": found.period.until and found.period.until.isoformat(),
        "calls": found.calls,
        "calls_left_out": found.halves,
        "events": found.events,
        "lines_passed_over": report.problems.count,
        "problems": report.problems.lines,
        "total": _counts(found.total, report),
        "playbooks": {
            row.playbook_id: {**_counts(row.tally, report), "mark": row.mark or None}
            for row in report.rows
        },
        "changed_calls": [_call_json(call) for call in found.changed],
        "changed_calls_not_listed": found.hidden,
    }


def weighed(call: ChangedCall, t: Catalogue) -> str:
    """How much changes in a call."""
    changes = Counter(pair.change for pair in call.pairs)
    return ", ".join(t(f"some_{one}", count=changes[one]) for one in Change if changes[one])


def counted(count: int, t: Catalogue, *, one: str, many: str) -> str:
    """So many of something."""
    return t(one) if count == 1 else t(many, count=f"{count:,}")


def _times(count: int, t: Catalogue) -> str:
    return counted(count, t, one="once", many="times")


def _rows(found: Found, rules: Rules) -> tuple[Row, ...]:
    before = {playbook.playbook_id: playbook for playbook in rules.before}
    after = {playbook.playbook_id: playbook for playbook in rules.after}
    rows = [_row(found, name, before.get(name), after.get(name)) for name in before | after]
    return tuple(sorted(rows, key=_place))


def _place(row: Row) -> tuple[int, int, str]:
    """What changes most comes first, then what speaks most."""
    return -row.tally.changed, -row.tally.after, row.playbook_id


def _row(found: Found, name: str, before: Playbook | None, after: Playbook | None) -> Row:
    playbook = after or before
    mark = "new" if before is None else "removed" if after is None else ""
    of_it = (
        (call, [pair for pair in call.pairs if pair.shown.playbook_id == name])
        for call in found.changed
    )
    return Row(
        playbook_id=name,
        title=playbook.title if playbook else {},
        mark=mark,
        tally=found.tallies.get(name, Tally()),
        changed=[(call, pairs) for call, pairs in of_it if pairs],
    )


def _counts(tally: Tally, report: Report) -> dict[str, Any]:
    counts = {name: getattr(tally, name) for name in ("before", "after", *map(str, Change))}
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
                "playbook_id": pair.shown.playbook_id,
                "change": pair.change,
                "before": _fired_json(pair.before),
                "after": _fired_json(pair.after),
            }
            for pair in call.pairs
        ],
    }


def _fired_json(alert: Fired | None) -> dict[str, Any] | None:
    if alert is None:
        return None
    return {
        "at_ms": alert.at_ms,
        "level": alert.level,
        "step": alert.step,
        "reasons": list(alert.reasons),
    }
