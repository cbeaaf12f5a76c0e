"""What resources is told from outside, beside what all are told."""

from pydantic import Field

from shared.runtime.settings import Settings


class ResourceSettings(Settings):
    """`COPSE_FILE_LIMIT`, `COPSE_CLAMD`."""

    file_limit: int = Field(default=25_000_000, ge=1, le=29_000_000)
    """Bytes one file may have; the kernel reads no larger body than 30 MB."""
    clamd: str = Field(default="", pattern=r"^(|/\S+|[^\s:/]+:\d+)$")
    """Where ClamAV's daemon listens, `host:port` or the path of its socket; empty: no scan."""
