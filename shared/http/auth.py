"""Bearer token → Principal. Roles in a community are the services' own knowledge, from events."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from shared.errors import Unauthenticated
from shared.http.keys import Person
from shared.http.serving import serving

_scheme = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A token of the issuer.")


async def authenticate(
    request: Request,
    _declared: Annotated[object, Security(_scheme)] = None,  # what OpenAPI says of it
) -> Person:
    """The Principal of a request, from `Authorization: Bearer …` (RFC 6750)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send `Authorization: Bearer <token>`.")
    return await serving(request).keys.person(token.strip())


Principal = Annotated[Person, Depends(authenticate)]
