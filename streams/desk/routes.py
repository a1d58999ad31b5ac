"""The desk's pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from sqlalchemy import func, select
from starlette.responses import HTMLResponse, RedirectResponse, Response

from detectors.reading import Modality
from detectors.utterance import Language  # noqa: TC001  (FastAPI reads it at run time)
from streams.cloudevents import now
from streams.desk import queries
from streams.desk.help_requests import load_help_rows
from streams.desk.live_events import is_notable
from streams.desk.transcript_lines import find_newest_ids
from streams.site.feature import Site, get_site
from streams.site.filters import in_path
from streams.site.pages import LANGUAGE_COOKIE
from streams.store.tables import SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.line_ledger import Discount
    from detectors.reading import Reading
    from detectors.utterance import TranscriptLine, Turn
    from streams.desk.models import CallDetail, ReadingView
    from streams.messages.roles import PersonRole
    from streams.site.hub import Hub

ROUTER = APIRouter(include_in_schema=False)
SiteDependency = Annotated[Site, Depends(get_site)]

ENDED_CALLS_LIMIT = 10
YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One entry of the transcript: a line, and what was read in it, or a turn."""

    at_ms: int
    line: TranscriptLine | None = None
    turn: Turn | None = None
    reading: Reading | None = None
    discount: Discount | None = None


@ROUTER.get("/", response_class=HTMLResponse)
def home(request: Request, site: SiteDependency) -> HTMLResponse:
    """Where to go: an agent's desk, the trainers' queue, a call."""
    cursor = _cursor(request)
    with site.store.engine.connect() as connection:
        live = queries.load_calls_page(connection, live=True, limit=200)
        ended = queries.load_calls_page(connection, live=False, limit=ENDED_CALLS_LIMIT)
        help_requests = load_help_rows(connection, now())
        waiting_count = connection.scalar(
            select(func.count()).select_from(SEGMENTS).where(~SEGMENTS.c.done)
        )
    context = {"live": live, "ended": ended, "waiting": waiting_count, "asked": help_requests}
    return site.pages.render_page(request, "desk/home.html", cursor | context)


@ROUTER.get("/agent", response_class=HTMLResponse)
def choose_agent(
    request: Request,
    site: SiteDependency,
    agent: Annotated[str, Query(alias="id", max_length=128)] = "",
) -> Response:
    """Ask an agent who they are."""
    if agent.strip():
        return RedirectResponse(f"/agent/{in_path(agent.strip())}", 303)
    with site.store.engine.connect() as connection:
        agent_ids = queries.list_agents(connection)
    return site.pages.render_page(
        request, "desk/choose.html", _cursor(request) | {"known": agent_ids}
    )


@ROUTER.get("/agent/{agent_id:path}", response_class=HTMLResponse)
def agent_desk(request: Request, site: SiteDependency, agent_id: str) -> HTMLResponse:
    """The agent's page: the live call, or the last one, or that none has come yet."""
    cursor = _cursor(request)
    with site.store.engine.connect() as connection:
        call_id = queries.find_newest_call_id(connection, agent_id)
        detail = queries.load_call_detail(connection, call_id) if call_id is not None else None
    viewer = _viewer(agent_id, role="agent", follows=True)
    return _render_call_page(request, site, detail, cursor | viewer)


@ROUTER.get("/calls/{call_id}", response_class=HTMLResponse)
def call_page(
    request: Request,
    site: SiteDependency,
    call_id: str,
    agent: Annotated[str, Query(max_length=128)] = "",
) -> HTMLResponse:
    """One call, live or ended: to look on as a supervisor, or to read again as its agent."""
    cursor = _cursor(request)
    with site.store.engine.connect() as connection:
        detail = queries.load_call_detail(connection, call_id)
    if detail is None:
        words = site.pages.get_catalogue(request)
        raise HTTPException(404, words("error.no_call", call_id=call_id[:128]))
    viewer = _viewer(agent, role="agent" if agent else "supervisor", follows=False)
    return _render_call_page(request, site, detail, cursor | viewer)


@ROUTER.get("/language/{language}")
def choose_language(language: Language, back: str = "/") -> RedirectResponse:
    """Keep the language a person chose, and go back to the page."""
    is_local = back.startswith("/") and not back.startswith(("//", "/\\"))
    response = RedirectResponse(back if is_local else "/", 303)
    response.set_cookie(LANGUAGE_COOKIE, language.value, max_age=YEAR_S, samesite="lax", path="/")
    return response


@ROUTER.get("/api/docs", response_class=HTMLResponse)
def api_docs(request: Request, site: SiteDependency) -> HTMLResponse:
    """The API, readable without anything from another site."""
    schema = request.app.openapi()
    return site.pages.render_page(request, "desk/docs.html", {"schema": schema})


def _render_call_page(
    request: Request, site: Site, detail: CallDetail | None, viewer: dict[str, object]
) -> HTMLResponse:
    readings = _readable(detail)
    context = {
        "detail": detail,
        "moments": _transcript_entries(detail, readings) if detail is not None else [],
        "newest": _newest_readings(detail, readings) if detail is not None else {},
    }
    return site.pages.render_page(request, "desk/call.html", viewer | context)


def _viewer(agent_id: str, *, role: PersonRole, follows: bool) -> dict[str, object]:
    """Who looks at the page: whose answers the cards show, and whether it switches calls."""
    return {"agent_id": agent_id, "role": role, "given_by": agent_id, "follows": follows}


def _cursor(request: Request) -> dict[str, object]:
    """Where the live stream goes on. Taken before the database is read, never after."""
    hub: Hub = request.app.state.hub
    return {"cursor": hub.cursor}


def _readable(detail: CallDetail | None) -> list[ReadingView]:
    """The readings that the page shows: none where nobody knows whose voice was read."""
    if detail is None or detail.call.channel_fault is not None:
        return []
    return detail.readings


def _transcript_entries(
    detail: CallDetail, readings: Sequence[ReadingView]
) -> list[TranscriptEntry]:
    text_readings = [view.record for view in readings if view.record.modality is Modality.TEXT]
    reading_at = {
        reading.span.start_ms: reading for reading in text_readings if not reading.line_ids
    }
    reading_of = _readings_by_line(detail, text_readings)
    lines = [
        TranscriptEntry(
            line.span.start_ms,
            line=line,
            reading=reading_of.get(line.line_id, reading_at.get(line.span.start_ms)),
            discount=view.discount,
        )
        for view in detail.transcript_lines
        for line in (view.record,)
    ]
    turns = (view.record for view in detail.turns)
    longest_last = sorted(turns, key=lambda turn: turn.span.end_ms)  # ids sort as text
    notable_turns = {turn.event_id: turn for turn in longest_last if is_notable(turn)}
    turn_entries = [
        TranscriptEntry(turn.span.start_ms, turn=turn) for turn in notable_turns.values()
    ]
    return sorted(lines + turn_entries, key=lambda entry: entry.at_ms)


def _readings_by_line(detail: CallDetail, text_readings: Sequence[Reading]) -> dict[str, Reading]:
    """By the id of the line as it stands: words that came again unchanged are not read again."""
    marks = (view.record for view in detail.line_marks)
    newest_ids = find_newest_ids((mark.line_id, mark.replaces) for mark in marks)
    first_ids = [(reading.line_ids[0], reading) for reading in text_readings if reading.line_ids]
    inherited = {newest_ids.get(line_id, line_id): reading for line_id, reading in first_ids}
    return inherited | dict(first_ids)


def _newest_readings(detail: CallDetail, views: Sequence[ReadingView]) -> dict[str, Reading]:
    """Of each modality, without those of lines that count for nothing."""
    discounted_ids = {
        view.record.line_id for view in detail.transcript_lines if view.discount is not None
    }
    readings = (view.record for view in views)
    return {
        reading.modality.value: reading
        for reading in readings
        if discounted_ids.isdisjoint(reading.line_ids)
    }
