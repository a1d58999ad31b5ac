"""A dry-run as one page that needs nothing else: no script, no font, nothing to load."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from streams.backtest.instants import format_instant, format_zone
from streams.backtest.report import describe_changes
from streams.backtest.wording import load_catalogue
from streams.site.filters import FILTERS
from streams.site.translations import load_catalogue as load_site_catalogue

if TYPE_CHECKING:
    from detectors.utterance import Language
    from streams.backtest.report import Report

_TEMPLATES = Path(__file__).parent / "templates"


def render_page(report: Report, language: Language, *, desk: str = "") -> str:
    """Render it.

    Args:
        report: what was found.
        language: of the page, whatever the calls are held in.
        desk: the desk's address, so that calls can be opened from the page; empty: no links.
    """
    style = (_TEMPLATES / "dry_run.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    t = load_catalogue(language)
    return environment.get_template("dry_run.html").render(
        report=report,
        language=language,
        t=t,
        site_words=load_site_catalogue(language),
        desk=desk.rstrip("/"),
        style=Markup(style),  # noqa: S704  (our own file)
        style_hash=_csp_hash(style),
        weighed=lambda call: describe_changes(call, t),
        shown=lambda moment: report.format_instant(moment, language),
        made=format_instant(report.made_at, language),
        zone=format_zone(report.made_at),
    )


def _csp_hash(style: str) -> str:
    """What the page's own rules (CSP) allow: this style and nothing else."""
    digest = hashlib.sha256(style.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
