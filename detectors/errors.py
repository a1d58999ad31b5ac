"""The base of every error whose text is written for the user, and errors as one line."""

from __future__ import annotations


class CallmoodError(Exception):
    """Something that the user can mend: the text says what, where, and what to do.

    Every command ends with that text instead of a traceback (`streams.cli.main`).
    """


def summarize_error(error: BaseException) -> str:
    """An error as one line: its text without line breaks; its class where it has no text.

    What SQLAlchemy wraps is told by the database's own words (``orig``).
    """
    origin = getattr(error, "orig", None) or error
    return " ".join(str(origin).split()) or type(origin).__name__
