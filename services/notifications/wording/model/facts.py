"""What templates may name, and how it is called there."""

from collections.abc import Mapping
from typing import Any, cast

from markupsafe import escape


class Facts(dict[str, Any]):
    """What a template may name, and how it is called there."""

    def __init__(self, called: str, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.called = called

    def look_up(self, name: str) -> Any:
        """What stands under a name. KeyError if nothing does."""
        value = self[name]
        if not isinstance(value, Mapping):
            return value
        return Facts(f"{self.called}.{name}", cast("Mapping[str, Any]", value))


class Guess(Facts):
    """The data of an event type that nobody has described: whatever is asked for may be there."""

    def look_up(self, name: str) -> Any:
        return super().look_up(name) if name in self else Guess(f"{self.called}.{name}", {})

    def __str__(self) -> str:
        return f"<{self.called}>"

    def __html__(self) -> str:
        return str(escape(str(self)))
