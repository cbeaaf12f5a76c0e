"""Whatever goes wrong is answered as a problem (RFC 9457)."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from shared.errors import PROBLEM, Busy, Invalid, Malformed, Problem, Refused, Unforeseen
from shared.observability.logs import log
from shared.storage.failures import is_duplicate, is_outage

MENDS = {  # where Pydantic's words do not say how to mend it
    "timezone_aware": "needs an offset, such as 2027-01-20T14:00:00Z",
    "extra_forbidden": "is no field here; leave it out, or look for another spelling",
    "model_attributes_type": "send a JSON object, with the header Content-Type: application/json",
    "dict_type": "send a JSON object",
}


def add_to(app: FastAPI) -> None:
    """Let a service answer with problems."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _unacceptable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(PyMongoError, _outage)
    app.add_exception_handler(Exception, unforeseen)


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
    errors: Any = error.errors()
    for fault in errors:
        if fault["type"] == "json_invalid":
            position, reason = fault["loc"][-1], fault.get("ctx", {}).get("error", fault["msg"])
            return _answer(Malformed(f"The body is not JSON: {reason}, at character {position}."))
    faults = [
        {
            "field": ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0]),
            "message": MENDS.get(fault["type"]) or fault["msg"].removeprefix("Value error, "),
        }
        for fault in errors
    ]
    detail = "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults)
    return _answer(Invalid(detail, errors=faults))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    if error.status_code == 400:
        return _answer(Malformed(f"The request cannot be read: {error.detail}."))
    body = {"type": "about:blank", "title": str(error.detail), "status": error.status_code}
    headers = {name.lower(): text for name, text in (error.headers or {}).items()}
    if error.status_code == 405:
        headers["allow"] = ", ".join(_methods_of(request))
    if error.status_code in (404, 405):
        body["detail"] = "The routes are described at /docs and in /openapi.json."
    return JSONResponse(body, error.status_code, headers, media_type=PROBLEM)


def _methods_of(request: Request) -> list[str]:
    """Everything one may do at the path (RFC 9110, 15.5.6), whichever route of it was looked at."""
    allowed: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        path, methods = route.path, route.methods
        if path and methods and compile_path(path)[0].match(request.scope["path"]):
            allowed |= methods
    return sorted(allowed)


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
