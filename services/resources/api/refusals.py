"""Why a route may refuse somebody, as the OpenAPI document says it."""

from typing import Any

Answers = dict[int | str, dict[str, Any]]

ONLY_MEMBERS: Answers = {403: {"description": "`only-members`"}}
ONLY_FACILITATORS: Answers = {403: {"description": "`only-facilitators`"}}
NOT_YOURS: Answers = {403: {"description": "`only-members`, `not-yours`"}}
