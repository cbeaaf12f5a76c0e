"""What this service is told from outside, beside what all are told."""

from pydantic import Field

from shared.runtime.settings import Settings


class BadgeSettings(Settings):
    """`COPSE_BADGE_WORD`."""

    badge_word: str = Field(default="newcomer", min_length=1, max_length=40)
    """What stands on a badge."""
