"""What people call wrong must not follow a caller to the next call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from streams.messages.callers import CallerEvent
from streams.store.tables import ALERTS, CALLS, FEEDBACK

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from playbooks.alert import Alert


def is_disputed() -> ColumnElement[bool]:
    """Of a row of `ALERTS`: somebody's last answer to it is that it is wrong."""
    return exists().where(FEEDBACK.c.alert_id == ALERTS.c.alert_id, FEEDBACK.c.verdict == "wrong")


def build_caller_event(connection: Connection, alert: Alert) -> CallerEvent | None:
    """What an answer to an alert means for the caller's history; ``None``: nothing.

    A kind stands as long as one alert of it in the call is not called wrong.
    """
    call = connection.execute(select(CALLS).where(CALLS.c.call_id == alert.call_id)).one_or_none()
    if alert.sensitive is None or call is None or not call.caller or call.started_at is None:
        return None
    undisputed_query = select(ALERTS.c.alert_id).where(
        ALERTS.c.call_id == alert.call_id,
        ALERTS.c.sensitive == alert.sensitive.value,
        ~is_disputed(),
    )
    has_undisputed = connection.execute(undisputed_query.limit(1)).first() is not None
    return CallerEvent(
        call_id=alert.call_id,
        event="found" if has_undisputed else "withdrawn",
        caller=call.caller,
        at=call.started_at,
        kind=alert.sensitive,
    )
