"""The written dialogue of a demo call: who says what, in which tone, after which pause."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (pydantic reads it at run time)
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from detectors.utterance import Language, Speaker


class DialogueError(ValueError):
    """A dialogue cannot be read; one line with the file and what is wrong."""


class _DialogueModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EspeakVoice(_DialogueModel):
    """One person's voice: an espeak-ng voice (``ko+f2``), its pitch (0-99) and its speed."""

    name: str
    pitch: Annotated[int, Field(ge=0, le=99)] = 50
    words_per_minute: Annotated[int, Field(ge=80, le=450)] = 180


class Tone(_DialogueModel):
    """How a line is said, against how this person speaks at rest.

    Attributes:
        pitch: steps up (or down) on espeak-ng's scale of 0-99.
        speed: factor on the words per minute.
        level_db: loudness while speaking (RMS, dB of full scale).
        effort: 0 (soft) to 0.9 (shouted): people who shout put more of it into the highs.
        liveliness: how far the pitch moves, in SSML's words.
    """

    pitch: int = 0
    speed: Annotated[float, Field(gt=0.5, lt=2.0)] = 1.0
    level_db: Annotated[float, Field(ge=-40, le=-12)] = -27.0
    effort: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    liveliness: Annotated[str, Field(pattern="^(x-low|low|medium|high|x-high)$")] = "medium"


class DialogueLine(_DialogueModel):
    """One line. It starts ``after_ms`` after all earlier ones ended; before that if negative."""

    speaker: Speaker
    text: Annotated[str, Field(min_length=1)]
    tone: str = "plain"
    after_ms: int = 450


class DialogueScript(_DialogueModel):
    """A demo call as it is written, with what goes into its call sheet."""

    name: Annotated[str, Field(pattern=r"^[a-z]+-[a-z]{2}$")]
    language: Language
    queue: str
    agent_id: str
    caller: str | None = None
    seed: int
    voices: dict[Speaker, EspeakVoice]
    tones: dict[str, Tone]
    lines: tuple[DialogueLine, ...]

    @model_validator(mode="after")
    def _check_complete(self) -> Self:
        if missing := set(Speaker) - set(self.voices):
            message = f"no voice for {', '.join(sorted(missing))}"
            raise ValueError(message)
        if unknown := {line.tone for line in self.lines} - set(self.tones):
            message = f"no such tone: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        return self


def read_dialogue(path: Path) -> DialogueScript:
    """Read a dialogue from YAML.

    Raises:
        DialogueError: it is not one.
    """
    try:
        return DialogueScript.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"{path}: {' '.join(str(error).split())}"
        raise DialogueError(message) from error
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        message = f"{path}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        raise DialogueError(message) from None
