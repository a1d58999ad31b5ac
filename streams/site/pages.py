"""Renders templates, in the language a person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from detectors.utterance import Language
from streams.site.filters import FILTERS
from streams.site.translations import Catalogue, catalogue

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
        line_state: Callable[[], str],
    ) -> None:
        """Read templates.

        Args:
            folders: each feature's, with ``templates`` and ``static`` inside, by name.
            language: until a person chooses one.
            line_state: whether new messages come in; every page says when they do not.
        """
        self._language = language
        self._line_state = line_state
        self._environment = Environment(
            loader=FileSystemLoader([folder / "templates" for folder in folders.values()]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(FILTERS)
        self._environment.globals["asset"] = _asset

    def language_of(self, connection: HTTPConnection) -> Language:
        """The language a person chose, else the site's own."""
        chosen = connection.cookies.get(LANGUAGE_COOKIE, "")
        return Language(chosen) if chosen in set(Language) else self._language

    def fragment(self, template: str, language: Language, **values: object) -> str:
        """A piece of a page."""
        words = catalogue(language)
        return self._environment.get_template(template).render(
            t=words, language=language, languages=list(Language), **values
        )

    def page(
        self,
        connection: HTTPConnection,
        template: str,
        values: Mapping[str, object],
        *,
        status: int = 200,
    ) -> HTMLResponse:
        """A whole page. It is never stored by the browser: it is about people."""
        html = self.fragment(
            template,
            self.language_of(connection),
            path=connection.url.path,
            line_state=self._line_state(),
            **values,
        )
        return HTMLResponse(html, status, {"Cache-Control": "no-store"})

    def words_of(self, connection: HTTPConnection) -> Catalogue:
        """The words in the language a person chose."""
        return catalogue(self.language_of(connection))


def _asset(path: str) -> str:
    """The address of ``name/file``."""
    return f"/static/{path}"
