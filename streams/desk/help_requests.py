"""What agents ask supervisors for: a step that asks was confirmed, and nobody took care of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, select

from playbooks.alert import Action
from streams.desk.models import HelpRequest, StepView
from streams.store.tables import ALERTS, CALLS, STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

HELP_ACTIONS = (Action.NOTIFY_SUPERVISOR, Action.OFFER_REST)
"""Steps that ask a supervisor for something."""

MAX_REQUEST_AGE = timedelta(hours=24)
"""What was asked longer ago belongs to another shift: the call still shows it."""

HANDLED_VISIBLE_FOR = timedelta(minutes=5)
"""So long the other supervisors see who takes care of it."""

MAX_REQUESTS = 50


@dataclass(frozen=True, slots=True)
class HelpTicket:
    """One thing that was asked for, and who takes care of it."""

    asked: HelpRequest
    taken: StepView | None = None


@dataclass(frozen=True, slots=True)
class HelpRow:
    """Everything that is asked for in one call, help before a break."""

    requests: tuple[HelpTicket, ...]

    @property
    def newest(self) -> HelpRequest:
        """What waits and was asked last; where nothing waits, what was asked last."""
        open_tickets = [ticket for ticket in self.requests if ticket.taken is None]
        return max(
            (ticket.asked for ticket in open_tickets or self.requests),
            key=lambda ticket: ticket.asked_at,
        )

    @property
    def waiting(self) -> bool:
        """Nobody takes care of something yet."""
        return any(ticket.taken is None for ticket in self.requests)

    @property
    def asks(self) -> str:
        """For the words: the action, or ``both``."""
        actions = {ticket.asked.action for ticket in self.requests}
        return "both" if len(actions) > 1 else actions.pop().value


def load_help_requests(connection: Connection, now: datetime) -> list[HelpRequest]:
    """What waits for a supervisor, the newest first. Several who ask for one thing ask once."""
    return _load_requests(connection, _help_query(now).where(~_is_taken()))


def load_help_rows(connection: Connection, now: datetime) -> list[HelpRow]:
    """The same by call, those that wait first; with what was just taken care of, and by whom."""
    tickets = [HelpTicket(help_request) for help_request in load_help_requests(connection, now)]
    just_taken = _load_requests(
        connection, _help_query(now).where(_is_taken(since=now - HANDLED_VISIBLE_FOR))
    )
    responses = _load_responses(connection, just_taken)
    tickets += [
        HelpTicket(help_request, responses.get((help_request.alert_id, help_request.index)))
        for help_request in just_taken
    ]
    by_call: dict[str, list[HelpTicket]] = {}
    for ticket in tickets:
        by_call.setdefault(ticket.asked.call_id, []).append(ticket)
    return [
        HelpRow(tuple(sorted(call_tickets, key=_action_order))) for call_tickets in by_call.values()
    ]


def _action_order(ticket: HelpTicket) -> int:
    return HELP_ACTIONS.index(ticket.asked.action)


def _is_taken(since: datetime | None = None) -> ColumnElement[bool]:
    response = STEPS.alias("care")
    is_response = and_(
        response.c.alert_id == STEPS.c.alert_id,
        response.c["index"] == STEPS.c["index"],
        response.c.role == "supervisor",
        response.c.state == "done",
        response.c["at"] >= STEPS.c["at"],
    )
    return exists().where(
        is_response if since is None else and_(is_response, response.c["at"] > since)
    )


def _help_query(now: datetime) -> Select[Any]:
    return (
        select(
            STEPS.c.alert_id, STEPS.c["index"], STEPS.c.action, STEPS.c["at"].label("asked_at"),
            STEPS.c.given_by, STEPS.c.call_id, ALERTS.c.title, ALERTS.c.sensitive,
            CALLS.c.agent_id, CALLS.c.queue, CALLS.c.ended_at,
        )
        .join(ALERTS, ALERTS.c.alert_id == STEPS.c.alert_id)
        .join(CALLS, CALLS.c.call_id == STEPS.c.call_id)
        .where(
            and_(STEPS.c.role == "agent", STEPS.c.state == "done"),
            STEPS.c.action.in_([action.value for action in HELP_ACTIONS]),
            STEPS.c["at"] > now - MAX_REQUEST_AGE,
        )
        .order_by(STEPS.c["at"].desc(), STEPS.c.step_id)
        .limit(MAX_REQUESTS)
    )  # fmt: skip


def _load_requests(connection: Connection, query: Select[Any]) -> list[HelpRequest]:
    requests = {
        (row["alert_id"], row["index"]): HelpRequest.model_validate(
            dict(row)
            | {"live": row["ended_at"] is None, "agent_id": row["given_by"] or row["agent_id"]}
        )
        for row in connection.execute(query).mappings()
    }
    return list(requests.values())


def _load_responses(
    connection: Connection, requests: Sequence[HelpRequest]
) -> dict[tuple[str, int], StepView]:
    """Who took care of each last."""
    query = select(STEPS).where(
        STEPS.c.alert_id.in_({request.alert_id for request in requests}),
        and_(STEPS.c.role == "supervisor", STEPS.c.state == "done"),
    )
    rows = connection.execute(query.order_by(STEPS.c["at"], STEPS.c.step_id)).mappings()
    return {(row["alert_id"], row["index"]): StepView.model_validate(dict(row)) for row in rows}
