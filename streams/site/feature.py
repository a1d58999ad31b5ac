"""What a feature brings to the site, and what the site gives to its features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from fastapi import HTTPException
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection  # noqa: TC002  (FastAPI reads it at run time)

from streams.store.outbox import OutboxFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from datetime import datetime
    from pathlib import Path

    from fastapi import APIRouter
    from sqlalchemy import Connection

    from streams.cloudevents import Message
    from streams.settings import Settings
    from streams.site.outbox_sender import OutboxSender
    from streams.site.pages import Pages
    from streams.site.sender import Sender
    from streams.store.engine import Store

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that came in, and when it was made (``ce_time``, else when it was read)."""

    message: Message
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature of the site: its pages, and what it keeps of the messages that come in.

    Attributes:
        folder: holds its ``templates`` and ``static`` folders; the latter is served under
            ``/static/<name>/``. ``None``: it has neither.
        persist: writes a batch of messages into the database. An upsert: the same batch twice
            leaves the same rows.
        publishes: kinds of messages that its live pages follow; only these go to the hub, so no
            sound is held in memory for a browser.
        expire: its chores, now and then, at a given instant. What is deleted because its days are
            over is none of them: `streams.store.retention` does that for all.
        run_background: what goes on beside the requests from the site's start to its end.
    """

    name: str
    router: APIRouter
    folder: Path | None
    persist: Callable[[Connection, Sequence[Arrival], Settings], None]
    expire: Callable[[Connection, datetime, Settings], None] | None = None
    publishes: frozenset[type[Message]] = frozenset()
    run_background: Callable[[Site], Coroutine[None, None, None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every request may need."""

    settings: Settings
    store: Store
    sender: Sender
    outbox: OutboxSender
    pages: Pages


def get_site(connection: HTTPConnection) -> Site:
    """The site that a request came to (a FastAPI dependency)."""
    return cast("Site", connection.app.state.site)


async def store_answer(site: Site, write: Callable[[Connection], Result]) -> Result:
    """Write what a person answered, in one transaction, and wake the outbox.

    Args:
        site: whose database it is.
        write: writes the rows and puts their messages into the outbox; runs in a thread.

    Returns:
        What ``write`` returns. The answer is safe then, whether Kafka is there or not.

    Raises:
        HTTPException: 503, in one sentence; nothing is kept.
    """
    try:
        result = await run_in_threadpool(_transact, site.store, write)
    except OutboxFullError as error:
        raise HTTPException(503, str(error)) from None
    except (OperationalError, InterfaceError):
        message = "The database does not answer; nothing was kept. Try again shortly."
        raise HTTPException(503, message) from None
    site.outbox.wake()
    return result


def _transact(store: Store, write: Callable[[Connection], Result]) -> Result:
    with store.engine.begin() as connection:
        return write(connection)
