"""The part of docs/CHANGELOG.md that `make flow` writes: contracts and settings of which the page says nothing else."""

import re
from collections.abc import Iterator

from deploy.docs import system
from deploy.docs.sections import around, filled
from shared.runtime.settings import Settings


def page() -> str:
    """The changelog, with what is new and nobody has told of in words of their own."""
    text = (system.ROOT / "docs" / "CHANGELOG.md").read_text()
    told = {*re.findall(r"`(\w+)`", around(text))}
    return filled(text, {"news": "".join(_news(told))})


def settings() -> dict[str, list[str]]:
    """Every setting, by whom it is of: every service, or one that has it beside those."""
    every = [*Settings.model_fields]
    found = {"every service": [variable(name) for name in every]}
    for service in system.services():
        own = [variable(name) for name in service.settings.model_fields if name not in every]
        found[service.name] = own
    return found


def variable(setting: str) -> str:
    """The environment variable that tells a setting."""
    return f"COPSE_{setting.upper()}"


def _news(told: set[str]) -> Iterator[str]:
    for topic in system.topics():
        new = [event.__name__ for event in system.events_of(topic)]
        if named := _named(new, told):
            yield f"- Contracts on `{topic}`: {named}.\n"
    for who, names in settings().items():
        if named := _named(names, told):
            yield f"- Settings of {who}: {named}.\n"


def _named(names: list[str], told: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in names if name not in told)
