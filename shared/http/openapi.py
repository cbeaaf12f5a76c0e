"""What every OpenAPI document says of every route: the answers that the kernel may give, and its headers."""

from typing import Any, cast

from fastapi import FastAPI

from shared.errors import PROBLEM

Part = dict[str, Any]

PROBLEM_SCHEMA: Part = {
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
CONTENT = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
ANSWERS = {
    "304": "It is as you have it",
    "400": "The request cannot be read",
    "401": "A valid bearer token is needed",
    "403": "This is not yours to do",
    "404": "There is nothing here that you may see",
    "409": "A rule of the community stands against it, or the same request is being worked on",
    "412": "Somebody changed it since you read it",
    "413": "The body is too large",
    "422": "A value is not acceptable",
    "503": "The system cannot take this now; nothing was done; try again",
}
HEADERS: dict[str, Part] = {
    "Idempotency-Key": {
        "description": "Sent again with the same key within 24 hours, a command is done once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "If-Match": {
        "description": "Only if it is as the ETag I read says.",
        "schema": {"type": "string", "pattern": r'^(\*|"v[0-9]{1,15}")$'},
    },
    "If-None-Match": {
        "description": "Only if it is not as the ETag I read says.",
        "schema": {"type": "string"},
    },
}
LOCAL_TIME = r"^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"
UNSAFE = {"400", "401", "409", "412", "413", "422"}
"""401 also where no token is needed: one that is sent with an Idempotency-Key must hold."""
ONLY_OPERATORS: dict[int | str, Part] = {403: {"description": "For operators"}}


def complete(app: FastAPI) -> None:
    """Let a service's document name every answer, each by its status, in place of FastAPI's own."""
    plain = app.openapi

    def openapi() -> Part:
        if app.openapi_schema is None:
            _complete(plain())
        assert app.openapi_schema is not None  # noqa: S101 - FastAPI's own function sets it
        return app.openapi_schema

    app.openapi = openapi


def _complete(document: Part) -> None:
    components: Part = document.setdefault("components", {})
    schemas: Part = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = PROBLEM_SCHEMA
    components["responses"] = {_name(status): _answer(status) for status in ANSWERS}
    components["parameters"] = {
        name: {"name": name, "in": "header", "required": False} | header
        for name, header in HEADERS.items()
    }
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete_operation(method, operation)
    _describe_local_times(document)


def _complete_operation(method: str, operation: Part) -> None:
    answers: Part = operation["responses"]
    answers.pop("422", None)
    for status, answer in answers.items():
        if status >= "400":
            answer.setdefault("content", CONTENT)
    for status in _kernel_answers(method, operation):
        answers.setdefault(status, {"$ref": f"#/components/responses/{_name(status)}"})
    operation["responses"] = dict(sorted(answers.items()))
    names = ["If-None-Match"] if method == "get" else ["Idempotency-Key", "If-Match"]
    refs = [{"$ref": f"#/components/parameters/{name}"} for name in names]
    operation["parameters"] = [*operation.get("parameters", []), *refs]


def _describe_local_times(part: Any) -> None:
    """`time` of RFC 3339 bears an offset; the times of day here are those of clocks on the wall."""
    if isinstance(part, list):
        for item in cast("list[Any]", part):
            _describe_local_times(item)
    elif isinstance(part, dict):
        schema = cast("Part", part)
        if schema.get("format") == "time":
            del schema["format"]
            schema["pattern"] = LOCAL_TIME
        for value in schema.values():
            _describe_local_times(value)


def _kernel_answers(method: str, operation: Part) -> set[str]:
    """What a route answers by its shape; what its rules refuse (403, …) the routes declare."""
    parameters: list[Part] = operation.get("parameters", [])
    statuses = {"304"} if method == "get" else set(UNSAFE)
    statuses |= {"503"} | ({"401"} if operation.get("security") else set())
    if any(parameter["in"] == "path" for parameter in parameters):
        statuses.add("404")
    if any(
        parameter["in"] == "query" or "pattern" in parameter["schema"] for parameter in parameters
    ):
        statuses.add("422")
    if any(parameter["name"] == "cursor" for parameter in parameters):
        statuses.add("400")
    return statuses


def _name(status: str) -> str:
    return f"Answer{status}"


def _answer(status: str) -> Part:
    answer = {"description": ANSWERS[status]}
    return answer if status < "400" else answer | {"content": CONTENT}
