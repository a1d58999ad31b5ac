"""What the settings say is what every client is made with, and secrets stay where they are."""

from __future__ import annotations

import ssl
import traceback
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from streams.kafka.connection import BrokerError, KafkaConnection
from streams.settings import Settings
from tests.support.secured_kafka import Pki, make_pki

if TYPE_CHECKING:
    from pathlib import Path

BROKER = "kafka.example:9093"
PASSWORD = "s3cret-of-the-line"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


def settings(**more: object) -> Settings:
    return Settings.model_validate({"kafka": BROKER, **more})


def connect(**more: object) -> KafkaConnection:
    return KafkaConnection.from_settings(BROKER, settings(**more))


def password_file(folder: Path, content: bytes = PASSWORD.encode() + b"\n") -> Path:
    path = folder / "password"
    path.write_bytes(content)
    return path


def test_without_settings_clients_connect_as_ever() -> None:
    connection = connect()
    assert (connection.ssl_context, connection.login) == (None, None)
    assert connection.client_arguments() == {
        "bootstrap_servers": BROKER,
        "security_protocol": "PLAINTEXT",
        "ssl_context": None,
    }


def test_a_login_is_a_user_and_a_password_without_the_file_s_newline(tmp_path: Path) -> None:
    connection = connect(
        kafka_security="SASL_PLAINTEXT",
        kafka_sasl_mechanism="scram-sha-256",
        kafka_user="callmood",
        kafka_password_file=password_file(tmp_path),
    )
    arguments = connection.client_arguments()
    assert arguments["security_protocol"] == "SASL_PLAINTEXT"
    assert arguments["sasl_mechanism"] == "SCRAM-SHA-256"
    assert arguments["sasl_plain_username"] == "callmood"
    assert arguments["sasl_plain_password"] == PASSWORD
    assert connection.ssl_context is None


def test_no_repr_and_no_failure_shows_the_password(tmp_path: Path, pki: Pki) -> None:
    connection = connect(
        kafka_security="sasl_ssl",
        kafka_ca_file=pki.ca,
        kafka_user="callmood",
        kafka_password_file=password_file(tmp_path),
    )
    assert PASSWORD not in repr(connection)
    text = connection.describe_failure(TimeoutError())
    assert text == (
        f"Kafka at {BROKER} does not let us in by SASL_SSL (TimeoutError): check CALLMOOD_KAFKA, "
        "CALLMOOD_KAFKA_CA_FILE, CALLMOOD_KAFKA_CERT_FILE, CALLMOOD_KAFKA_SASL_MECHANISM, "
        "CALLMOOD_KAFKA_USER and CALLMOOD_KAFKA_PASSWORD_FILE"
    )


@pytest.mark.parametrize("security", ["ssl", "SSL"])
def test_tls_always_checks_the_broker_s_certificate_and_name(security: str, pki: Pki) -> None:
    context = connect(kafka_security=security, kafka_ca_file=pki.ca).ssl_context
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert [ca["subject"] for ca in context.get_ca_certs()] == [
        ((("commonName", "test authority"),),)
    ]


def test_a_certificate_of_ours_is_loaded_with_its_key_or_from_one_file(pki: Pki) -> None:
    connect(
        kafka_security="ssl",
        kafka_ca_file=pki.ca,
        kafka_cert_file=pki.certificate("client"),
        kafka_key_file=pki.key("client"),
    )
    connect(kafka_security="ssl", kafka_ca_file=pki.ca, kafka_cert_file=pki.keystore("client"))


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"kafka_security": "ssl", "kafka_ca_file": "nowhere.pem"}, "CALLMOOD_KAFKA_CA_FILE"),
        ({"kafka_security": "ssl", "kafka_cert_file": "nowhere.pem"}, "nowhere.pem cannot be used"),
        ({"kafka_security": "ssl", "kafka_key_file": "k.pem"}, "needs CALLMOOD_KAFKA_CERT_FILE"),
        ({"kafka_security": "sasl_ssl"}, "needs CALLMOOD_KAFKA_USER and"),
        ({"kafka_security": "sasl_ssl", "kafka_user": "callmood"}, "CALLMOOD_KAFKA_PASSWORD_FILE"),
        (
            {
                "kafka_security": "sasl_plaintext",
                "kafka_user": "callmood",
                "kafka_password_file": "nowhere",
            },
            "CALLMOOD_KAFKA_PASSWORD_FILE: nowhere cannot be used: No such file or directory",
        ),
        ({"kafka_security": "ssl", "kafka": ""}, "needs CALLMOOD_KAFKA=host:port"),
    ],
)
def test_settings_that_lead_nowhere_are_told_in_one_line(
    more: dict[str, object], text: str
) -> None:
    with pytest.raises(BrokerError) as caught:
        connect(**more)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_encrypted_key_is_refused_instead_of_asking_the_terminal(
    pki: Pki, tmp_path: Path
) -> None:
    encrypted = tmp_path / "encrypted.key"
    pki.encrypt_key("client", encrypted, passphrase="hunter2")
    with pytest.raises(BrokerError, match="take a key without a passphrase"):
        connect(
            kafka_security="ssl",
            kafka_ca_file=pki.ca,
            kafka_cert_file=pki.certificate("client"),
            kafka_key_file=encrypted,
        )


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe hunter2"])
def test_a_password_that_cannot_be_one_is_refused_and_not_quoted(
    tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(BrokerError) as caught:
        connect(
            kafka_security="sasl_plaintext",
            kafka_user="callmood",
            kafka_password_file=password_file(tmp_path, content),
        )
    assert "CALLMOOD_KAFKA_PASSWORD_FILE" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_a_misspelt_security_is_refused_by_the_settings() -> None:
    with pytest.raises(ValidationError, match="kafka_security"):
        settings(kafka_security="tls")
