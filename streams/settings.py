"""The one list of settings. Each is an environment variable ``CALLMOOD_<NAME>``."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from detectors.utterance import Language
from streams.environment import PREFIX, refuse_unknown_variables


class Settings(BaseSettings):
    """Read once, from the environment. docs/settings.md explains each line."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    kafka: str = Field(
        default="",
        description="host:port of an existing cluster; empty: `callmood run` starts its own, and "
        "other commands with the same home find it.",
    )
    kafka_security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = Field(
        default="plaintext",
        description="How clients connect: plaintext, ssl, sasl_plaintext or sasl_ssl.",
    )
    kafka_ca_file: Path | None = Field(
        default=None,
        description="PEM certificates that the brokers' are checked against; empty: the system's.",
    )
    kafka_cert_file: Path | None = Field(
        default=None,
        description="PEM certificate that we show to the brokers, where they ask for one.",
    )
    kafka_key_file: Path | None = Field(
        default=None,
        description="Its key, without a passphrase; empty: it is in the certificate's file.",
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512",
        description="How the password is proven, with sasl_plaintext and sasl_ssl: PLAIN, "
        "SCRAM-SHA-256 or SCRAM-SHA-512.",
    )
    kafka_user: str = Field(
        default="", description="Who we are to the brokers, with sasl_plaintext and sasl_ssl."
    )
    kafka_password_file: Path | None = Field(
        default=None, description="File with that user's password, and nothing else."
    )
    kafka_replication: int = Field(
        default=1, ge=1, description="Replicas of each topic, when callmood makes them."
    )
    partitions: int = Field(
        default=8, ge=1, le=1024, description="Partitions of each topic, when callmood makes them."
    )
    port: int = Field(default=8640, ge=0, le=65_535, description="The desk's port; 0: a free one.")
    host: str = Field(default="127.0.0.1", description="The address the desk listens on.")
    allowed_hosts: str = Field(
        default="",
        description="More names the desk answers to, comma separated; localhost always.",
    )
    language: Language = Field(
        default=Language.KOREAN, description="The desk's language until a person chooses one."
    )
    home: Path = Field(
        default=Path("var"), description="Folder for Kafka's data, the database, kept clips."
    )
    cache: Path = Field(
        default=Path("~/.cache/callmood"),
        description="Folder for Kafka's jars, shared between checkouts.",
    )
    database: str = Field(
        default="",
        description="SQLAlchemy URL; empty: SQLite at <home>/callmood.db.",
    )
    playbooks: Path | None = Field(
        default=None, description="Folder of playbooks; empty: the library that comes along."
    )
    rules_poll_s: float = Field(
        default=2.0,
        ge=0.1,
        le=3600,
        description="How often workers and desks look for changed rules there, in seconds.",
    )
    voice: str = Field(
        default="",
        description="onnx:/path/model.onnx: a voice model of your own (docs/own-voice-model.md); "
        "empty: the one that comes along.",
    )
    clip_days: int = Field(
        default=30,
        ge=0,
        description="Days after which a customer's clips are deleted; 0: none kept.",
    )
    keep_days: int = Field(
        default=90,
        ge=1,
        description="Days after its end that a call's words, readings and alerts are deleted.",
    )
    caller_days: int = Field(
        default=90,
        ge=0,
        le=365,
        description="Days after which an earlier call of a caller is forgotten; 0: nobody is "
        "recognised.",
    )
    caller_key_file: Path | None = Field(
        default=None,
        description="Key that callers' numbers are hashed with; empty: <home>/caller.key.",
    )
    region: str = Field(
        default="KR",
        pattern=r"^[A-Z]{2}$",
        description="Country of numbers that name none, by its two letters.",
    )
    evidence_days: int = Field(
        default=1095,
        ge=1,
        description="Days after which sealed evidence is deleted, whatever became of its call.",
    )
    worker_metrics_port: int = Field(
        default=0, ge=0, le=65_535, description="Where the worker shows /metrics; 0: a free port."
    )
    gateway_metrics_port: int = Field(
        default=0, ge=0, le=65_535, description="Where a gateway shows /metrics; 0: a free port."
    )
    kafka_timeout_s: float = Field(
        default=10.0, gt=0, description="How long a request to Kafka may take."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="How much the processes say."
    )

    @field_validator("kafka_security", mode="before")
    @classmethod
    def _lower_case(cls, value: object) -> object:
        """Kafka's own configuration spells these in capitals."""
        return value.lower() if isinstance(value, str) else value

    @field_validator("kafka_sasl_mechanism", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @property
    def database_url(self) -> str:
        """The database, spelled out."""
        return self.database or f"sqlite:///{self.home / 'callmood.db'}"

    @property
    def kafka_home(self) -> Path:
        """Where a local Kafka keeps its data and leaves its address."""
        return self.home / "kafka"

    @property
    def clips(self) -> Path:
        """Where the customer's clips are kept."""
        return self.home / "clips"

    @property
    def caller_key(self) -> Path:
        """Where the key is that callers' numbers are hashed with."""
        return self.caller_key_file or self.home / "caller.key"

    @property
    def evidence(self) -> Path:
        """Where sealed evidence lies."""
        return self.home / "evidence"

    @property
    def jars(self) -> Path:
        """Where Kafka's jars are kept."""
        return self.cache.expanduser() / "kafka"


@cache
def settings() -> Settings:
    """This process' settings.

    Raises:
        UnknownSettingError: a variable begins as ours do, and is none of them.
        ValidationError: one has a value that it cannot have.
    """
    refuse_unknown_variables(
        os.environ, {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    )
    return Settings()
