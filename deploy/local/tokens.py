"""Bearer tokens for people on this machine, as an organisation's identity provider would give them."""

import json
import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt

from deploy.local.keys import ALGORITHM, jwks, private_key

ISSUER = AUDIENCE = "copse"
OPERATOR = "copse:operator"


def mint(
    folder: Path,
    address: str,
    *,
    name: str | None = None,
    scopes: Iterable[str] = (),
    valid_for: timedelta = timedelta(days=1),
) -> str:
    """A JWT signed by the key in `folder`."""
    public = json.loads(jwks(folder).read_text())["keys"][0]
    issued_at = datetime.now(UTC)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": person_id(address),
        "email": address.lower(),
        "name": name or name_from(address),
        "scope": " ".join(sorted(set(scopes))),
        "iat": issued_at,
        "exp": issued_at + valid_for,
    }
    key = private_key(folder).read_bytes()
    return jwt.encode(claims, key, ALGORITHM, headers={"kid": public["kid"]})


def person_id(address: str) -> str:
    """Follows from the address, so that everybody who knows the one knows the other."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{address.lower()}"))


def name_from(address: str) -> str:
    """Mary Lee for mary.lee+work@example.org."""
    words = re.split(r"[._-]+", address.partition("@")[0].partition("+")[0])
    return " ".join(word.capitalize() for word in words if word) or address
