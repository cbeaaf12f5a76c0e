"""The issuer's keys, and what a token that they signed says of a person."""

import asyncio
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jwt

from shared.errors import Busy, Forbidden, Unauthenticated

ALGORITHMS = ["ES256", "ES384", "EdDSA", "RS256", "RS512", "PS256"]
"""Asymmetric only (RFC 8725, sections 3.1 and 3.2)."""
OPERATOR = "copse:operator"
ASK_SECONDS = 30  # between two questions for a key that is not known
LEEWAY_SECONDS = 30  # of the issuer's clock
VERIFIED = 1_000  # tokens whose signature need not be verified again: about a megabyte


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: the token's subject, and what the identity provider says of them."""

    person_id: str
    name: str = ""
    email: str = ""
    scopes: frozenset[str] = frozenset()

    @property
    def is_operator(self) -> bool:
        return OPERATOR in self.scopes

    def require_scope(self, scope: str) -> None:
        """Raise Forbidden unless the token carries the scope."""
        if scope not in self.scopes:
            raise Forbidden(f"The token lacks the scope `{scope}`.")


@dataclass(frozen=True, slots=True)
class _Verified:
    """What a token says: true until it runs out (Unix time), or its key is none of the issuer's any more."""

    key: jwt.PyJWK
    until: float
    person: Person


class Keys:
    """The issuer's public keys (a JWKS, RFC 7517): a file, or an address, asked every 5 minutes and for new keys."""

    def __init__(self, location: str, issuer: str, audience: str) -> None:
        self._location = location
        self._file: tuple[int, jwt.PyJWKSet] | None = None
        self._check = partial(
            jwt.decode,
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
        remote = location.startswith(("http://", "https://"))
        self._client = jwt.PyJWKClient(location, lifespan=300, timeout=5) if remote else None
        self._asked_at = -1e9
        self._verified: dict[str, _Verified] = {}

    async def person(self, token: str) -> Person:
        """The person a token stands for. Unauthenticated, saying why, if it does not hold."""
        try:
            known = self._verified.get(token)
            if known and known.until > time.time() and known.key in await self._keys():
                return known.person
            key = await self._key(token)
            claims: dict[str, Any] = self._check(token, key)
        except jwt.PyJWKClientConnectionError as error:
            raise Busy(f"The issuer's keys cannot be read now: {error}") from None
        except OSError as error:
            raise Busy(f"The issuer's keys cannot be read now: {error}") from None
        except (jwt.PyJWTError, ValueError) as error:
            raise Unauthenticated(f"The bearer token is not valid: {error}.") from None
        if not claims["sub"]:
            raise Unauthenticated("The bearer token is not valid: its subject is empty.")
        person = Person(
            person_id=str(claims["sub"]),
            name=str(claims.get("name", "")),
            email=str(claims.get("email", "")),
            scopes=frozenset(str(claims.get("scope", "")).split()),
        )
        if len(self._verified) >= VERIFIED:
            self._verified.clear()
        self._verified[token] = _Verified(key, float(claims["exp"]) + LEEWAY_SECONDS, person)
        return person

    async def _key(self, token: str) -> jwt.PyJWK:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError(f"its alg must be one of {', '.join(ALGORITHMS)}")
        wanted = header.get("kid")
        key = _named(wanted, await self._keys())
        if key is None and self._client and time.monotonic() - self._asked_at > ASK_SECONDS:
            self._asked_at = time.monotonic()  # whoever makes up kids does not make us ask
            key = _named(wanted, await self._keys(refresh=True))
        if key is None:
            raise jwt.InvalidKeyError("no key of the issuer has its kid")
        return key

    async def _keys(self, *, refresh: bool = False) -> list[jwt.PyJWK]:
        if self._client:
            cache = self._client.jwk_set_cache
            if cache and cache.get() and not refresh:
                return self._client.get_signing_keys()
            return await asyncio.to_thread(self._client.get_signing_keys, refresh)
        return self._from_file().keys

    def _from_file(self) -> jwt.PyJWKSet:
        """Read anew only when the file was replaced; a look at its time costs microseconds."""
        file = Path(self._location)
        changed = file.stat().st_mtime_ns
        if self._file is None or self._file[0] != changed:
            try:
                self._file = changed, jwt.PyJWKSet.from_dict(json.loads(file.read_text()))
            except (ValueError, jwt.PyJWTError) as error:
                raise Busy(f"The issuer's keys cannot be read now: {error}") from None
        return self._file[1]


def _named(kid: str | None, keys: Iterable[jwt.PyJWK]) -> jwt.PyJWK | None:
    return next((key for key in keys if key.key_id == kid), None)
