"""What a service is told from outside: environment variables `COPSE_…` and secret files."""

import ssl
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
S = TypeVar("S", bound="KafkaSettings")
SECRETS = (Path("/run/copse"), Path("/run/secrets"))
"""What an installation made for itself at its first start; and what its operator gave, which goes before."""


def _mongo_address(uri: str) -> str:
    if not uri.startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError(
            "must start with mongodb:// (e.g. mongodb://localhost:27017/?replicaSet=rs0)"
        )
    return uri


class KafkaSettings(BaseSettings):
    """Where Kafka is and how one is let in: the same for every client of it, services and tools alike."""

    model_config = SettingsConfigDict(
        env_prefix="COPSE_",
        secrets_dir=[folder for folder in SECRETS if folder.is_dir()],
        extra="ignore",
    )

    kafka: str = Field(default="127.0.0.1:9092", pattern=r"^[^\s:,]+:\d+(,[^\s:,]+:\d+)*$")
    kafka_user: str = ""
    """Empty: Kafka asks nobody who they are."""
    kafka_password: SecretStr = SecretStr("")
    kafka_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    kafka_tls: bool = False
    kafka_ca: str = ""
    """A file with the certificates that vouch for the brokers'; else those the system trusts do."""

    @model_validator(mode="after")
    def _let_in(self) -> Self:
        if self.kafka_user and not self.kafka_password.get_secret_value():
            raise ValueError("COPSE_KAFKA_USER needs COPSE_KAFKA_PASSWORD, best as a secret file")
        if self.kafka_mechanism == "PLAIN" and self.kafka_user and not self.kafka_tls:
            raise ValueError("COPSE_KAFKA_MECHANISM=PLAIN shows the password: set COPSE_KAFKA_TLS")
        if self.kafka_ca and not self.kafka_tls:
            raise ValueError("COPSE_KAFKA_CA does nothing without COPSE_KAFKA_TLS")
        if self.kafka_ca and not Path(self.kafka_ca).is_file():
            raise ValueError(f"COPSE_KAFKA_CA: there is no file {self.kafka_ca}")
        return self

    def kafka_client(self) -> dict[str, Any]:
        """Arguments of every client of aiokafka: the brokers, and what lets one in."""
        return {"bootstrap_servers": self.kafka, **self.kafka_access()}

    def kafka_access(self) -> dict[str, Any]:
        """What lets a client of aiokafka in; nothing where Kafka asks for nothing."""
        access: dict[str, Any] = {}
        if self.kafka_tls:
            access["ssl_context"] = ssl.create_default_context(cafile=self.kafka_ca or None)
        if self.kafka_user:
            access |= {
                "sasl_mechanism": self.kafka_mechanism,
                "sasl_plain_username": self.kafka_user,
                "sasl_plain_password": self.kafka_password.get_secret_value(),
            }
        if access:
            channel = "SSL" if self.kafka_tls else "PLAINTEXT"
            access["security_protocol"] = f"SASL_{channel}" if self.kafka_user else channel
        return access


class Settings(KafkaSettings):
    """Every setting of a service. A file `/run/secrets/copse_<name>` does for the variable `COPSE_<NAME>`."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: str = Field(default="http://127.0.0.1:8000", pattern=r"^https?://")
    """Where people reach this service; links in mails and feeds begin with it."""
    mongo: Annotated[str, AfterValidator(_mongo_address)] = (
        "mongodb://127.0.0.1:27017/?replicaSet=rs0"
    )
    jwks: str = ""
    """The keys that sign tokens: an https:// address, or the path of a file."""
    issuer: str = "copse"
    audience: str = "copse"
    test_clock: bool = False
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    batch_records: int = Field(default=500, ge=1, le=10_000)
    brake_share: float = Field(default=0.5, gt=0, le=1)
    """Of a topic's newest events, how many may fail for a reason nobody foresaw before the topic stands; 1: it never does."""
    outbox_limit: int = Field(default=100_000, ge=1)
    """Events waiting for Kafka beyond which commands are answered 503."""
    grace_seconds: float = Field(default=15, gt=0)
    otlp: str = Field(default="", pattern=r"^(https?://[^\s]+)?$")
    """Where traces go by OTLP over HTTP, such as http://collector:4318; empty: none are made."""


def security(settings: KafkaSettings) -> BaseSecurity | None:
    """What `kafka_access` says, in FastStream's words."""
    context = settings.kafka_access().get("ssl_context")
    if settings.kafka_user:
        password = settings.kafka_password.get_secret_value()
        return SASL[settings.kafka_mechanism](settings.kafka_user, password, ssl_context=context)
    return BaseSecurity(ssl_context=context) if context else None


def load(kind: "type[S]") -> "S":
    """Read the settings; on a wrong value, say which variable is wrong and why, and exit with 2."""
    try:
        return kind()
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            if not problem["loc"]:  # settings that do not go together; the message names them
                sys.stderr.write(f"{problem['msg'].removeprefix('Value error, ')}\n")
                continue
            name = "COPSE_" + "_".join(str(part) for part in problem["loc"]).upper()
            secret = "PASSWORD" in name or "MONGO" in name
            given = "***" if secret else repr(problem["input"])
            sys.stderr.write(f"{name}={given}: {problem['msg']}\n")
        raise SystemExit(2) from None
