"""Whatever is sent, each service answers as its OpenAPI document says, and never with a 5xx.

`COPSE_OPENAPI_EXAMPLES=200 .venv/bin/python -m pytest tests/openapi` looks longer.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig

from deploy.docs import system
from tests.openapi.conftest import EXAMPLES, Door

Doors = Callable[[str], Door]
pytestmark = pytest.mark.timeout(120 + 2 * EXAMPLES)
CONFIG = {
    "seed": 20270104,
    "generation": {
        "deterministic": True,
        "database": "none",
        "max-examples": EXAMPLES,
    },
    "phases": {
        "stateful": {"enabled": False},
        "coverage": {"unexpected-methods": ["OPTIONS"]},  # all are answered in the same place
    },
    "checks": {
        # The token is put in for every case, so its absence is not theirs to judge.
        "ignored_auth": {"enabled": False},
        "missing_required_header": {"enabled": False},
        # What a rule refuses with 4xx is no fault of a document.
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {"enabled": False},
        "use_after_free": {"enabled": False},
        "ensure_resource_availability": {"enabled": False},
        "object_level_authorization": {"enabled": False},
    },
}


def _document(name: str) -> Any:
    app = next(one.app for one in system.services() if one.name == name)
    document = copy.deepcopy(app.openapi())
    config = SchemathesisConfig.from_dict(copy.deepcopy(CONFIG))
    return schemathesis.openapi.from_dict(document, config=config)


def _asked(name: str) -> Any:
    @_document(name).parametrize()
    def test(case: Any, doors: Doors) -> None:
        doors(name).ask(case)

    return test


for _service in system.services():
    globals()[f"test_{_service.name}"] = _asked(_service.name)
