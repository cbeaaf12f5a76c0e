"""Whatever goes wrong is answered as a problem (RFC 9457), and every OpenAPI document says so."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException

from shared.database import is_duplicate, is_outage
from shared.errors import PROBLEM, Busy, Invalid, Malformed, Problem, Refused, Unforeseen
from shared.telemetry import log

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
MENDS = {  # where Pydantic's words do not say how to mend it
    "timezone_aware": "needs an offset, such as 2027-01-20T14:00:00Z",
    "extra_forbidden": "is no field here; leave it out, or look for another spelling",
    "model_attributes_type": "send a JSON object, with the header Content-Type: application/json",
    "dict_type": "send a JSON object",
}
ANSWER = {
    "description": "A problem",
    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def answer_on(app: FastAPI) -> None:
    """Let a service answer with problems, and say so in its OpenAPI document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _unacceptable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(PyMongoError, _outage)
    app.add_exception_handler(Exception, unforeseen)
    _document_on(app)


def _document_on(app: FastAPI) -> None:
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


def _answer(problem: Problem) -> JSONResponse:
    return JSONResponse(
        jsonable_encoder(problem.body()), problem.status, problem.headers, media_type=PROBLEM
    )


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this type
    if error.status == 401:
        error.headers["www-authenticate"] = "Bearer"
    if error.status == 503:
        error.headers["retry-after"] = "5"
    return _answer(error)


async def _unacceptable(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type
    found: Any = error.errors()
    for fault in found:
        if fault["type"] == "json_invalid":
            where, why = fault["loc"][-1], fault.get("ctx", {}).get("error", fault["msg"])
            return _answer(Malformed(f"The body is not JSON: {why}, at character {where}."))
    faults = [
        {
            "field": ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0]),
            "message": MENDS.get(fault["type"]) or fault["msg"].removeprefix("Value error, "),
        }
        for fault in found
    ]
    detail = "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults)
    return _answer(Invalid(detail, errors=faults))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    if error.status_code == 400:
        return _answer(Malformed(f"The request cannot be read: {error.detail}."))
    body = {"type": "about:blank", "title": str(error.detail), "status": error.status_code}
    if error.status_code in (404, 405):
        body["detail"] = "The routes are described at /docs and in /openapi.json."
    return JSONResponse(body, error.status_code, error.headers, media_type=PROBLEM)


async def _outage(request: Request, error: Exception) -> Response:
    log.warning("MongoDB failed a request", route=route_of(request), error=repr(error)[:500])
    if is_duplicate(error):
        return await _problem(request, Refused("Something with this id is there already."))
    if not is_outage(error):
        return await unforeseen(request, error)
    return await _problem(request, Busy("The database is away. Nothing is known to be done."))


async def unforeseen(request: Request, error: Exception) -> Response:
    log.error("a request failed", route=route_of(request), exc_info=error)
    return _answer(Unforeseen("It is logged under the trace id. Nothing was kept or published."))


def route_of(request: Request) -> str:
    """The route as declared: a path itself may hold a secret, such as a feed's token."""
    return getattr(request.scope.get("route"), "path", "unknown")
