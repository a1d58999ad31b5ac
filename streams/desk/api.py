"""The desk by HTTP, for other programs and for its own pages."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool

from streams.cloudevents import now
from streams.desk import queries
from streams.desk.feedback import caller_event
from streams.desk.models import (
    AlertShown,
    CallDetail,
    CallsPage,
    FeedbackGiven,
    Health,
    Kept,
    Problem,
)
from streams.desk.persist import keep_feedback
from streams.messages.records import Feedback
from streams.metrics import FEEDBACK_GIVEN
from streams.site.feature import SendError, Site, send, site_of
from streams.site.hub import Hub, LineState

if TYPE_CHECKING:
    from streams.messages.callers import CallerEvent
    from streams.site.alert_latency import Pushes

LOG = logging.getLogger("callmood.desk")
ROUTER = APIRouter()
SiteHere = Annotated[Site, Depends(site_of)]

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
NOT_KEPT: dict[int | str, dict[str, Any]] = {503: {"model": Problem}}


@ROUTER.get("/api/calls", tags=["calls"])
def list_calls(
    site: SiteHere,
    *,
    live: Annotated[bool | None, Query(description="Only live, or only ended calls.")] = None,
    agent: Annotated[str | None, Query(max_length=128, description="Only this agent's.")] = None,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> CallsPage:
    """Calls, those that started last first."""
    with site.store.engine.connect() as connection:
        return queries.calls_page(connection, live=live, agent_id=agent, offset=offset, limit=limit)


@ROUTER.get("/api/calls/{call_id}", tags=["calls"], responses=NOT_FOUND)
def read_call(site: SiteHere, call_id: str) -> CallDetail:
    """One call: its mood and the moods before, transcript lines, readings, alerts, turns."""
    with site.store.engine.connect() as connection:
        detail = queries.call_detail(connection, call_id)
    if detail is None:
        raise HTTPException(404, f"There is no call {call_id[:128]!r} here.")
    return detail


@ROUTER.post("/api/alerts/{alert_id}/feedback", tags=["alerts"], responses=NOT_FOUND | NOT_KEPT)
async def give_feedback(site: SiteHere, alert_id: str, given: FeedbackGiven) -> Kept:
    """Say that an alert helped or was wrong, or take that back."""
    alert = await run_in_threadpool(_alert, site, alert_id)
    answer = Feedback(
        call_id=alert.call_id,
        alert_id=alert_id,
        verdict=given.verdict,
        given_by=given.given_by,
        role=given.role,
        note=given.note,
        at=now(),
    )
    await send(site, answer)
    await run_in_threadpool(_keep, site, answer)
    FEEDBACK_GIVEN.labels(alert.playbook_id, given.verdict).inc()
    await _tell_of_caller(site, alert)
    return Kept(id=answer.message_id)


@ROUTER.post("/api/alerts/{alert_id}/shown", tags=["alerts"], status_code=204)
async def alert_shown(request: Request, alert_id: str) -> Response:
    """A page has painted an alert that it was told live: for the latency figures."""
    pushes: Pushes = request.app.state.pushes
    pushes.shown(alert_id, now())
    return Response(status_code=204)


@ROUTER.get("/healthz", tags=["operation"])
async def health(request: Request) -> Health:
    """The desk answers; whether new messages come in is in ``line``."""
    hub: Hub = request.app.state.hub
    return Health(status="ok" if hub.state is LineState.UP else "stale", line=hub.state.value)


@ROUTER.get("/metrics", tags=["operation"], response_class=Response)
def metrics() -> Response:
    """For Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _tell_of_caller(site: Site, alert: AlertShown) -> None:
    """What was called wrong must not follow a caller to the next call."""
    told = await run_in_threadpool(_of_caller, site, alert)
    if told is not None:
        try:
            await site.sender.send(told)
        except SendError as error:  # the answer itself is kept
            LOG.warning("%s is not told of what was called wrong: %s", told.call_id, error)


def _of_caller(site: Site, alert: AlertShown) -> CallerEvent | None:
    with site.store.engine.connect() as connection:
        return caller_event(connection, alert)


def _keep(site: Site, answer: Feedback) -> None:
    with site.store.engine.begin() as connection:
        keep_feedback(connection, [answer])


def _alert(site: Site, alert_id: str) -> AlertShown:
    with site.store.engine.connect() as connection:
        alert = queries.alert_of(connection, alert_id)
    if alert is None:
        raise HTTPException(404, f"There is no alert {alert_id[:512]!r} here.")
    return alert
