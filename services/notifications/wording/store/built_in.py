"""The templates that came with the software: version 0 of each."""

from functools import cache
from pathlib import Path

import yaml

from services.notifications.wording.model import Template

FILES = Path(__file__).parent.parent / "templates"


@cache
def templates() -> dict[str, Template]:
    """The built-in templates by their ids, which are their files' names."""
    return {
        file.stem: Template.model_validate(
            {"template_id": file.stem, **yaml.safe_load(file.read_text(encoding="utf-8"))}
        )
        for file in sorted(FILES.glob("*.yaml"))
    }
