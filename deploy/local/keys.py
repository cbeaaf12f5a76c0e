"""The key that signs tokens on this machine, made once; services read its public half as a JWKS file."""

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm

from deploy.local.cache import locked

ALGORITHM = "ES256"


def jwks(folder: Path) -> Path:
    """The JWKS file (RFC 7517) in `folder`, made together with its key when it is not there."""
    keys = folder / "keys"
    public = keys / "jwks.json"
    keys.mkdir(parents=True, exist_ok=True)
    with locked(keys / "lock"):
        if not public.exists():
            _make(private_key(folder), public)
    return public


def private_key(folder: Path) -> Path:
    return folder / "keys" / "private.pem"


def key_id(public: dict[str, Any]) -> str:
    """The key's thumbprint (RFC 7638): the same key has the same id, whoever names it."""
    named = {part: public[part] for part in ("crv", "kty", "x", "y")}
    canonical = json.dumps(named, sort_keys=True, separators=(",", ":"))
    return urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).decode().rstrip("=")


def _make(private: Path, public: Path) -> None:
    key = generate_private_key(SECP256R1())
    private.unlink(missing_ok=True)  # of an aborted attempt; nothing was signed with it
    # Readable by its owner from its first byte on, not only after a chmod.
    with os.fdopen(os.open(private, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    jwk |= {"kid": key_id(jwk), "alg": ALGORITHM, "use": "sig"}
    unfinished = public.with_suffix(".part")
    unfinished.write_text(json.dumps({"keys": [jwk]}, indent=2))
    unfinished.rename(public)
