"""How problems read in every service's OpenAPI document: one schema, for every route (RFC 9457)."""

from typing import Any

from fastapi import FastAPI

from shared.errors import PROBLEM

SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "What is wrong, and how to mend it (RFC 9457). `type` is stable.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:copse:problem:last-facilitator"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
ANSWER = {
    "description": "A problem",
    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def document_on(app: FastAPI) -> None:
    """Put the problem answers into the service's OpenAPI in place of FastAPI's own."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            schemas: dict[str, Any] = document.setdefault("components", {}).setdefault(
                "schemas", {}
            )
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
            schemas["Problem"] = SCHEMA
            for path in document["paths"].values():
                for operation in path.values():
                    answers = operation["responses"]
                    answers.pop("422", None)
                    answers |= {"4XX": ANSWER, "5XX": ANSWER}
        assert app.openapi_schema is not None  # noqa: S101 - FastAPI's own function sets it
        return app.openapi_schema

    app.openapi = openapi
