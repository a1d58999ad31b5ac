"""A real Kafka that asks who comes: listeners with TLS, passwords and client certificates."""

from __future__ import annotations

import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from streams.kafka.admin import ensure_topics
from streams.kafka.local.broker import start_kafka
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER, PASSWORD = "callmood", "s3cret+of/the=line"
PROTOCOLS = ("sasl_plaintext", "sasl_ssl", "ssl")
_JAAS = "org.apache.kafka.common.security"


@dataclass(frozen=True, slots=True)
class Pki:
    """A certificate authority and what it signed, as PEM files."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def keystore(self, name: str) -> Path:
        """Key and certificate in one file, as Kafka wants them."""
        path = self.folder / f"{name}-store.pem"
        path.write_text(self.key(name).read_text() + self.certificate(name).read_text())
        return path

    def encrypt_key(self, name: str, path: Path, *, passphrase: str) -> None:
        """Write a key that asks for a passphrase."""
        key = str(self.key(name))
        arguments = ("-in", key, "-out", str(path), "-passout", f"pass:{passphrase}")
        _openssl(self.folder, "pkcs8", "-topk8", *arguments)


@dataclass(frozen=True, slots=True)
class SecuredKafka:
    """Its addresses by protocol, and what a client needs."""

    plain: str
    addresses: dict[str, str]
    pki: Pki
    password_file: Path

    def environment(self, protocol: str, mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        """The settings of a client that may come in this way."""
        return {
            "CALLMOOD_KAFKA": self.addresses[protocol],
            "CALLMOOD_KAFKA_SECURITY": protocol,
            "CALLMOOD_KAFKA_SASL_MECHANISM": mechanism,
            "CALLMOOD_KAFKA_USER": USER,
            "CALLMOOD_KAFKA_PASSWORD_FILE": str(self.password_file),
            "CALLMOOD_KAFKA_CA_FILE": str(self.pki.ca),
            "CALLMOOD_KAFKA_CERT_FILE": str(self.pki.certificate("client")),
            "CALLMOOD_KAFKA_KEY_FILE": str(self.pki.key("client")),
        }


def make_pki(folder: Path) -> Pki:
    """An authority, a broker of this machine and a client that it vouches for."""
    folder.mkdir(parents=True, exist_ok=True)
    _openssl(
        folder,
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-days", "2", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"),
        *("-addext", "keyUsage=critical,keyCertSign"),
    )
    for name in ("broker", "client"):
        _openssl(
            folder,
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", f"/CN={name}", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"),
            *("-keyout", f"{name}.key", "-out", f"{name}.pem"),
        )
    return Pki(folder)


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@contextmanager
def run_secured_kafka(home: Path) -> Iterator[SecuredKafka]:
    """Start one, with the topics made and the user known."""
    pki = make_pki(home / "pki")
    ports = {protocol: _free_port() for protocol in PROTOCOLS}
    broker = start_kafka(
        home=home / "kafka", jars=Settings().jars, overrides=_broker_properties(pki, ports)
    )
    password_file = home / "password"
    password_file.write_text(f"{PASSWORD}\n")
    try:
        ensure_topics(broker.bootstrap, Settings(kafka=broker.bootstrap))
        _add_scram_user(broker.bootstrap)
        addresses = {protocol: f"127.0.0.1:{port}" for protocol, port in ports.items()}
        yield SecuredKafka(broker.bootstrap, addresses, pki, password_file)
    finally:
        broker.stop()


def _broker_properties(pki: Pki, ports: dict[str, int]) -> dict[str, str]:
    listeners = {"PLAINTEXT": "{port}", "CONTROLLER": "{controller_port}"}
    listeners |= {protocol.upper(): str(port) for protocol, port in ports.items()}
    urls = ",".join(f"{name}://127.0.0.1:{port}" for name, port in listeners.items())
    properties = {
        "listeners": urls,
        "advertised.listeners": urls,
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,"
        + ",".join(f"{name}:{name}" for name in listeners if name != "CONTROLLER"),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(pki.keystore("broker")),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(pki.ca),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
    }
    for protocol in ("sasl_plaintext", "sasl_ssl"):
        prefix = f"listener.name.{protocol}"
        properties[f"{prefix}.plain.sasl.jaas.config"] = (
            f'{_JAAS}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
        )
        properties[f"{prefix}.scram-sha-512.sasl.jaas.config"] = (
            f"{_JAAS}.scram.ScramLoginModule required;"
        )
    return properties


def _add_scram_user(bootstrap: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        credential = UserScramCredentialUpsertion(USER, ScramMechanism.SCRAM_SHA_512, PASSWORD)
        assert admin.alter_user_scram_credentials([credential]) == {USER: None}
    finally:
        admin.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
