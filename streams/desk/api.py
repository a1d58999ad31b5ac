"""The desk by HTTP, for other programs and for its own pages."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool

from streams.cloudevents import now
from streams.desk import queries
from streams.desk.feedback import build_caller_event
from streams.desk.models import (  # noqa: TC001  (FastAPI reads them at run time)
    AlertView,
    CallDetail,
    CallsPage,
    FeedbackIn,
)
from streams.desk.persist import persist_feedback
from streams.messages.alerts import Feedback
from streams.metrics import FEEDBACK_ANSWERS
from streams.site.feature import Site, get_site, store_answer
from streams.site.hub import FeedState, Hub
from streams.site.responses import Accepted, Health, ProblemResponse
from streams.store.outbox import enqueue, lock_call

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from streams.site.alert_latency import AlertLatency

ROUTER = APIRouter()
SiteDependency = Annotated[Site, Depends(get_site)]

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": ProblemResponse}}
UNAVAILABLE: dict[int | str, dict[str, Any]] = {503: {"model": ProblemResponse}}


@ROUTER.get("/api/calls", tags=["calls"])
def list_calls(
    site: SiteDependency,
    *,
    live: Annotated[bool | None, Query(description="Only live, or only ended calls.")] = None,
    agent: Annotated[str | None, Query(max_length=128, description="Only this agent's.")] = None,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> CallsPage:
    """Calls, those that started last first."""
    with site.store.engine.connect() as connection:
        return queries.load_calls_page(
            connection, live=live, agent_id=agent, offset=offset, limit=limit
        )


@ROUTER.get("/api/calls/{call_id}", tags=["calls"], responses=NOT_FOUND)
def read_call(site: SiteDependency, call_id: str) -> CallDetail:
    """One call: its mood and the moods before, transcript lines, readings, alerts, turns."""
    with site.store.engine.connect() as connection:
        detail = queries.load_call_detail(connection, call_id)
    if detail is None:
        raise HTTPException(404, f"There is no call {call_id[:128]!r} here.")
    return detail


@ROUTER.post("/api/alerts/{alert_id}/feedback", tags=["alerts"], responses=NOT_FOUND | UNAVAILABLE)
async def give_feedback(site: SiteDependency, alert_id: str, feedback: FeedbackIn) -> Accepted:
    """Say that an alert helped or was wrong, or take that back."""
    alert = await run_in_threadpool(_get_alert, site, alert_id)
    message = Feedback(
        call_id=alert.record.call_id,
        alert_id=alert_id,
        verdict=feedback.verdict,
        given_by=feedback.given_by,
        role=feedback.role,
        note=feedback.note,
        at=now(),
    )
    await store_answer(site, partial(_persist, feedback=message, alert=alert))
    FEEDBACK_ANSWERS.labels(alert.record.playbook_id, feedback.verdict).inc()
    return Accepted(id=message.message_id)


@ROUTER.post("/api/alerts/{alert_id}/shown", tags=["alerts"], status_code=204)
async def record_alert_paint(request: Request, alert_id: str) -> Response:
    """A page has painted an alert that it was told live: for the latency figures."""
    pushes: AlertLatency = request.app.state.pushes
    pushes.record_display(alert_id, now())
    return Response(status_code=204)


@ROUTER.get("/healthz", tags=["operation"])
async def health(request: Request) -> Health:
    """The desk answers; whether new messages come in is in ``line``."""
    hub: Hub = request.app.state.hub
    return Health(status="ok" if hub.state is FeedState.UP else "stale", line=hub.state.value)


@ROUTER.get("/metrics", tags=["operation"], response_class=Response)
def metrics() -> Response:
    """For Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _persist(connection: Connection, *, feedback: Feedback, alert: AlertView) -> None:
    """What was called wrong must not follow a caller to the next call: one goes with the other."""
    lock_call(connection, alert.record.call_id)
    persist_feedback(connection, [feedback])
    event = build_caller_event(connection, alert.record)
    enqueue(connection, [feedback] if event is None else [feedback, event])


def _get_alert(site: Site, alert_id: str) -> AlertView:
    with site.store.engine.connect() as connection:
        alert = queries.load_alert(connection, alert_id)
    if alert is None:
        raise HTTPException(404, f"There is no alert {alert_id[:512]!r} here.")
    return alert
