"""The rules, templates and categories that came with the software: version 0 of each."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.notifications.model import Category, Rule, Template

HERE = Path(__file__).parent.parent


@cache
def rules() -> dict[str, Rule]:
    """The built-in rules by their ids."""
    files = sorted((HERE / "rules").glob("*.yaml"))
    found = [
        Rule.model_validate(one)
        for file in files
        if file.stem != "categories"
        for one in _read(file)
    ]
    return {rule.rule_id: rule for rule in found}


@cache
def templates() -> dict[str, Template]:
    """The built-in templates by their ids, which are their files' names."""
    files = sorted((HERE / "templates").glob("*.yaml"))
    return {
        file.stem: Template.model_validate({"template_id": file.stem, **_read(file)})
        for file in files
    }


@cache
def categories() -> dict[str, Category]:
    """The built-in categories by their ids."""
    found = [Category.model_validate(one) for one in _read(HERE / "rules" / "categories.yaml")]
    return {category.category: category for category in found}


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))
