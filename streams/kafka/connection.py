"""How every client of ours reaches Kafka: address, encryption, credentials.

The settings are read here and nowhere else, so that a new way of signing in is added once.
kafka-python and aiokafka spell these arguments alike; Faust gets them in its own classes
(`streams.processing.faust_app`).
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from detectors.errors import CallmoodError, summarize_error

if TYPE_CHECKING:
    from pathlib import Path

    from streams.settings import Settings


class BrokerError(CallmoodError):
    """Kafka does not answer, or refuses, or the settings do not lead there. One line."""


@dataclass(frozen=True, slots=True)
class SaslLogin:
    """Who we are to a cluster that asks. Its ``repr`` leaves the password out.

    Attributes:
        mechanism: ``PLAIN``, ``SCRAM-SHA-256`` or ``SCRAM-SHA-512``.
    """

    mechanism: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """What a client needs to connect.

    Attributes:
        broker: ``host:port`` to begin with.
        timeout_s: how long a request may take.
        protocol: as Kafka spells it: ``PLAINTEXT``, ``SSL``, ``SASL_PLAINTEXT``, ``SASL_SSL``.
        ssl_context: verifies the broker and shows our certificate; ``None`` without TLS.
        login: ``None`` without SASL.
    """

    broker: str
    timeout_s: float
    protocol: str = "PLAINTEXT"
    ssl_context: ssl.SSLContext | None = None
    login: SaslLogin | None = None

    @classmethod
    def from_settings(cls, broker: str, settings: Settings) -> KafkaConnection:
        """Read what the settings point to: certificates, the password.

        Raises:
            BrokerError: a file cannot be used, or a setting lacks another one.
        """
        security = settings.kafka_security
        if security != "plaintext" and not settings.kafka:
            message = (
                f"CALLMOOD_KAFKA_SECURITY={security} needs CALLMOOD_KAFKA=host:port: the Kafka "
                "that callmood starts itself takes plain connections only"
            )
            raise BrokerError(message)
        return cls(
            broker=broker,
            timeout_s=settings.kafka_timeout_s,
            protocol=security.upper(),
            ssl_context=_build_ssl_context(settings) if security.endswith("ssl") else None,
            login=_read_login(settings) if security.startswith("sasl") else None,
        )

    @property
    def timeout_ms(self) -> int:
        """`timeout_s`, as client libraries want it."""
        return int(self.timeout_s * 1000)

    @property
    def is_secured(self) -> bool:
        """Whether the cluster wants to know who we are, or shows who it is."""
        return self.ssl_context is not None or self.login is not None

    def client_arguments(self) -> dict[str, Any]:
        """The arguments of any client of kafka-python or aiokafka, but for its timeouts."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.broker,
            "security_protocol": self.protocol,
            "ssl_context": self.ssl_context,
        }
        if self.login is not None:
            arguments |= {
                "sasl_mechanism": self.login.mechanism,
                "sasl_plain_username": self.login.user,
                "sasl_plain_password": self.login.password,
            }
        return arguments

    def describe_failure(self, error: Exception) -> str:
        """The one line for a Kafka that is not there, or that does not let us in.

        Clients keep the reason to their logs, so we name every setting that it may be about.
        """
        if not self.is_secured:
            return describe_unreachable(self.broker, error)
        names = ["CALLMOOD_KAFKA"]
        if self.ssl_context is not None:
            names += ["CALLMOOD_KAFKA_CA_FILE", "CALLMOOD_KAFKA_CERT_FILE"]
        if self.login is not None:
            names += [
                "CALLMOOD_KAFKA_SASL_MECHANISM",
                "CALLMOOD_KAFKA_USER",
                "CALLMOOD_KAFKA_PASSWORD_FILE",
            ]
        refusal = f"Kafka at {self.broker} does not let us in by {self.protocol}"
        return (
            f"{refusal} ({summarize_error(error)}): check {', '.join(names[:-1])} and {names[-1]}"
        )


def describe_unreachable(broker: str, error: Exception) -> str:
    """The one line for a Kafka that is not there."""
    return (
        f"no Kafka answers at {broker} ({summarize_error(error)}): start `callmood run` or "
        "`callmood kafka` with the same CALLMOOD_HOME, or set CALLMOOD_KAFKA=host:port"
    )


def _build_ssl_context(settings: Settings) -> ssl.SSLContext:
    """Verifies the broker's name and certificate, always."""
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file)
    except (OSError, ssl.SSLError) as error:
        _refuse_file("CALLMOOD_KAFKA_CA_FILE", settings.kafka_ca_file, error)
    if settings.kafka_cert_file is not None or settings.kafka_key_file is not None:
        _load_client_certificate(context, settings.kafka_cert_file, settings.kafka_key_file)
    return context


def _load_client_certificate(
    context: ssl.SSLContext, certificate: Path | None, key: Path | None
) -> None:
    if certificate is None:
        message = "CALLMOOD_KAFKA_KEY_FILE needs CALLMOOD_KAFKA_CERT_FILE, its certificate"
        raise BrokerError(message)
    try:
        context.load_cert_chain(certificate, key, password=_refuse_passphrase)
    except (OSError, ssl.SSLError) as error:
        _refuse_file("CALLMOOD_KAFKA_CERT_FILE or CALLMOOD_KAFKA_KEY_FILE", certificate, error)


def _refuse_passphrase() -> str:
    """OpenSSL would ask the terminal, which a service does not have."""
    message = "CALLMOOD_KAFKA_KEY_FILE is encrypted: take a key without a passphrase"
    raise BrokerError(message)


def _read_login(settings: Settings) -> SaslLogin:
    if not settings.kafka_user or settings.kafka_password_file is None:
        message = (
            f"CALLMOOD_KAFKA_SECURITY={settings.kafka_security} needs CALLMOOD_KAFKA_USER and "
            "CALLMOOD_KAFKA_PASSWORD_FILE"
        )
        raise BrokerError(message)
    return SaslLogin(
        settings.kafka_sasl_mechanism,
        settings.kafka_user,
        _read_password(settings.kafka_password_file),
    )


def _read_password(path: Path) -> str:
    try:
        # Editors and secret stores end a file with a newline, which is no part of the password.
        password = path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        # Not chained, not quoted: the error carries the bytes of the password.
        message = f"CALLMOOD_KAFKA_PASSWORD_FILE: {path} is no text in UTF-8"
        raise BrokerError(message) from None
    except OSError as error:
        _refuse_file("CALLMOOD_KAFKA_PASSWORD_FILE", path, error)
    if not password:
        message = f"CALLMOOD_KAFKA_PASSWORD_FILE: {path} is empty"
        raise BrokerError(message)
    return password


def _refuse_file(setting: str, path: Path | None, error: Exception) -> NoReturn:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    message = f"{setting}: {path} cannot be used: {reason}"
    raise BrokerError(message) from None
