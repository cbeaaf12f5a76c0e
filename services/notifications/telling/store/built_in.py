"""The rules and categories that came with the software: version 0 of each."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.notifications.telling.model import Category, Rule

FOLDER = Path(__file__).parent.parent / "rules"
CATEGORIES = FOLDER / "categories.yaml"


@cache
def rules() -> dict[str, Rule]:
    """The built-in rules by their ids."""
    files = [file for file in sorted(FOLDER.glob("*.yaml")) if file != CATEGORIES]
    built_in = [Rule.model_validate(document) for file in files for document in _read(file)]
    return {rule.rule_id: rule for rule in built_in}


@cache
def categories() -> dict[str, Category]:
    """The built-in categories by their ids."""
    built_in = [Category.model_validate(document) for document in _read(CATEGORIES)]
    return {category.category: category for category in built_in}


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))
