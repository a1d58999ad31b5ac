"""Renders templates, in the language a person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from detectors.utterance import Language
from streams.site.filters import FILTERS
from streams.site.translations import TranslationCatalogue, load_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.requests import HTTPConnection

LANGUAGE_COOKIE = "callmood_language"


class Pages:
    """Every template of the site."""

    def __init__(
        self,
        folders: Mapping[str, Path],
        *,
        language: Language,
        feed_state: Callable[[], str],
    ) -> None:
        """Read templates.

        Args:
            folders: each feature's, with ``templates`` and ``static`` inside, by name.
            language: until a person chooses one.
            feed_state: whether new messages come in; every page says when they do not.
        """
        self._language = language
        self._feed_state = feed_state
        self._environment = Environment(
            loader=FileSystemLoader([folder / "templates" for folder in folders.values()]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(FILTERS)
        self._environment.globals["asset"] = _asset_url

    def get_language(self, connection: HTTPConnection) -> Language:
        """The language a person chose, else the site's own."""
        cookie = connection.cookies.get(LANGUAGE_COOKIE, "")
        return Language(cookie) if cookie in set(Language) else self._language

    def render_fragment(self, template: str, language: Language, **values: object) -> str:
        """A piece of a page."""
        catalogue_in_language = load_catalogue(language)
        return self._environment.get_template(template).render(
            t=catalogue_in_language, language=language, languages=list(Language), **values
        )

    def render_page(
        self,
        connection: HTTPConnection,
        template: str,
        values: Mapping[str, object],
        *,
        status: int = 200,
    ) -> HTMLResponse:
        """A whole page. It is never stored by the browser: it is about people."""
        html = self.render_fragment(
            template,
            self.get_language(connection),
            path=connection.url.path,
            line_state=self._feed_state(),
            **values,
        )
        return HTMLResponse(html, status, {"Cache-Control": "no-store"})

    def get_catalogue(self, connection: HTTPConnection) -> TranslationCatalogue:
        """The words in the language a person chose."""
        return load_catalogue(self.get_language(connection))


def _asset_url(path: str) -> str:
    """The address of ``name/file``."""
    return f"/static/{path}"
