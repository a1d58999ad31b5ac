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
from streams.desk.help_requests import help_rows
from streams.desk.live_events import notable
from streams.site.feature import Site, site_of
from streams.site.filters import in_path
from streams.site.pages import LANGUAGE_COOKIE
from streams.store.tables import SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.desk.models import CallDetail, LineShown, ReadingShown, Role, TurnShown
    from streams.site.hub import Hub

ROUTER = APIRouter(include_in_schema=False)
SiteHere = Annotated[Site, Depends(site_of)]

ENDED_SHOWN = 10
YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the transcript: a line, and what was read in it, or a turn."""

    at_ms: int
    line: LineShown | None = None
    turn: TurnShown | None = None
    reading: ReadingShown | None = None


@ROUTER.get("/", response_class=HTMLResponse)
def home(request: Request, site: SiteHere) -> HTMLResponse:
    """Where to go: an agent's desk, the trainers' queue, a call."""
    cursor = _cursor(request)
    with site.store.engine.connect() as connection:
        live = queries.calls_page(connection, live=True, limit=200)
        ended = queries.calls_page(connection, live=False, limit=ENDED_SHOWN)
        asked = help_rows(connection, now())
        waiting = connection.scalar(
            select(func.count()).select_from(SEGMENTS).where(~SEGMENTS.c.done)
        )
    shown = {"live": live, "ended": ended, "waiting": waiting, "asked": asked}
    return site.pages.page(request, "desk/home.html", cursor | shown)


@ROUTER.get("/agent", response_class=HTMLResponse)
def choose_agent(
    request: Request,
    site: SiteHere,
    agent: Annotated[str, Query(alias="id", max_length=128)] = "",
) -> Response:
    """Ask an agent who they are."""
    if agent.strip():
        return RedirectResponse(f"/agent/{in_path(agent.strip())}", 303)
    with site.store.engine.connect() as connection:
        known = queries.agents(connection)
    return site.pages.page(request, "desk/choose.html", _cursor(request) | {"known": known})


@ROUTER.get("/agent/{agent_id:path}", response_class=HTMLResponse)
def agent_desk(request: Request, site: SiteHere, agent_id: str) -> HTMLResponse:
    """The agent's page: the live call, or the last one, or that none has come yet."""
    cursor = _cursor(request)
    with site.store.engine.connect() as connection:
        call_id = queries.newest_call_of_agent(connection, agent_id)
        detail = queries.call_detail(connection, call_id) if call_id is not None else None
    seat = _seat(agent_id, role="agent", follows=True)
    return _call_page(request, site, detail, cursor | seat)


@ROUTER.get("/calls/{call_id}", response_class=HTMLResponse)
def one_call(
    request: Request,
    site: SiteHere,
    call_id: str,
    agent: Annotated[str, Query(max_length=128)] = "",
) -> HTMLResponse:
    """One call, live or ended: to look on as a supervisor, or to read again as its agent."""
    cursor = _cursor(request)
    with site.store.engine.connect() as connection:
        detail = queries.call_detail(connection, call_id)
    if detail is None:
        words = site.pages.words_of(request)
        raise HTTPException(404, words("error.no_call", call_id=call_id[:128]))
    seat = _seat(agent, role="agent" if agent else "supervisor", follows=False)
    return _call_page(request, site, detail, cursor | seat)


@ROUTER.get("/language/{language}")
def choose_language(language: Language, back: str = "/") -> RedirectResponse:
    """Keep the language a person chose, and go back to the page."""
    local = back.startswith("/") and not back.startswith(("//", "/\\"))
    answer = RedirectResponse(back if local else "/", 303)
    answer.set_cookie(LANGUAGE_COOKIE, language.value, max_age=YEAR_S, samesite="lax", path="/")
    return answer


@ROUTER.get("/api/docs", response_class=HTMLResponse)
def api_docs(request: Request, site: SiteHere) -> HTMLResponse:
    """The API, readable without anything from another site."""
    schema = request.app.openapi()
    return site.pages.page(request, "desk/docs.html", {"schema": schema})


def _call_page(
    request: Request, site: Site, detail: CallDetail | None, seat: dict[str, object]
) -> HTMLResponse:
    shown = {
        "detail": detail,
        "moments": _moments(detail) if detail is not None else [],
        "newest": _newest_readings(detail.readings) if detail is not None else {},
    }
    return site.pages.page(request, "desk/call.html", seat | shown)


def _seat(agent_id: str, *, role: Role, follows: bool) -> dict[str, object]:
    """Who looks at the page: whose answers the cards show, and whether it switches calls."""
    return {"agent_id": agent_id, "role": role, "given_by": agent_id, "follows": follows}


def _cursor(request: Request) -> dict[str, object]:
    """Where the live stream goes on. Taken before the database is read, never after."""
    hub: Hub = request.app.state.hub
    return {"cursor": hub.cursor}


def _moments(detail: CallDetail) -> list[Moment]:
    read = {r.start_ms: r for r in detail.readings if r.modality is Modality.TEXT}
    lines = [
        Moment(line.start_ms, line=line, reading=read.get(line.start_ms))
        for line in detail.transcript_lines
    ]
    silences = {(turn.kind, turn.start_ms): turn for turn in detail.turns if notable(turn)}
    turns = [Moment(turn.start_ms, turn=turn) for turn in silences.values()]
    return sorted(lines + turns, key=lambda moment: moment.at_ms)


def _newest_readings(readings: Sequence[ReadingShown]) -> dict[str, ReadingShown]:
    return {reading.modality.value: reading for reading in readings}
