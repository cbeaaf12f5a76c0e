"""What a service is told from outside: environment variables `COPSE_…` and secret files."""

import sys
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound="Settings")
SECRETS = (Path("/run/copse"), Path("/run/secrets"))
"""What an installation made for itself at its first start; and what its operator gave, which goes before."""


def _mongo_address(uri: str) -> str:
    if not uri.startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError(
            "must start with mongodb:// (e.g. mongodb://localhost:27017/?replicaSet=rs0)"
        )
    return uri


class Settings(BaseSettings):
    """Every setting of a service. A file `/run/secrets/copse_<name>` does for the variable `COPSE_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="COPSE_",
        secrets_dir=[folder for folder in SECRETS if folder.is_dir()],
        extra="ignore",
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: str = Field(default="http://127.0.0.1:8000", pattern=r"^https?://")
    """Where people reach this service; links in mails and feeds begin with it."""
    kafka: str = Field(default="127.0.0.1:9092", pattern=r"^[^\s:,]+:\d+(,[^\s:,]+:\d+)*$")
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
    outbox_limit: int = Field(default=100_000, ge=1)
    """Events waiting for Kafka beyond which commands are answered 503."""
    grace_seconds: float = Field(default=15, gt=0)


def load(kind: "type[S]") -> "S":
    """Read the settings; on a wrong value, say which variable is wrong and why, and exit with 2."""
    try:
        return kind()
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            name = "COPSE_" + "_".join(str(part) for part in problem["loc"]).upper()
            secret = "PASSWORD" in name or "MONGO" in name
            given = "***" if secret else repr(problem["input"])
            sys.stderr.write(f"{name}={given}: {problem['msg']}\n")
        raise SystemExit(2) from None
