"""Why a route may refuse somebody, as the OpenAPI document says it."""

from typing import Any

Answers = dict[int | str, dict[str, Any]]

ONLY_MEMBERS: Answers = {403: {"description": "`members-only`"}}
ONLY_FACILITATORS: Answers = {403: {"description": "`facilitators-only`"}}
NOT_YOURS: Answers = {403: {"description": "`members-only`, `not-yours`"}}
