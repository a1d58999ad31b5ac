"""The supervisors' page of rules."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from streams.playbook_pages.catalogue import load_playbook_catalogue
from streams.playbook_pages.condition_text import opens_when
from streams.site.feature import Site, get_site

ROUTER = APIRouter(include_in_schema=False)


@ROUTER.get("/playbooks", response_class=HTMLResponse)
def playbooks_page(request: Request, site: Annotated[Site, Depends(get_site)]) -> HTMLResponse:
    """Every playbook to read, and what is wrong in the folder. FastAPI calls it in a thread."""
    return site.pages.render_page(
        request,
        "playbook_pages/playbooks.html",
        {"shelf": load_playbook_catalogue(site.settings.playbooks), "opens_when": opens_when},
    )
