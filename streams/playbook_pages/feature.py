"""The rules as a feature of the site: pages only, nothing is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from streams.playbook_pages import routes
from streams.playbook_pages.catalogue import poll_folder
from streams.site.feature import Feature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from streams.settings import Settings
    from streams.site.feature import Arrival


def _persist_nothing(
    _connection: Connection, _arrivals: Sequence[Arrival], _settings: Settings
) -> None:
    """Rules lie in files."""


RULES = Feature(
    name="playbook_pages",
    router=routes.ROUTER,
    folder=Path(__file__).parent,
    persist=_persist_nothing,
    run_background=poll_folder,
)
