"""What strangers hand in at the doors: tokens and cursors. Each is taken, or refused by name."""

import asyncio
import base64
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import Malformed, Unauthenticated
from shared.http.keys import LEEWAY_SECONDS, Keys
from shared.http.paging import Page, cursor, opened
from tests.support.service import AUDIENCE, ISSUER, jwks, token

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
PATH = "/communities"


@given(position=st.lists(json_values, max_size=4))
def test_a_cursor_brings_back_what_it_marks_and_leads_nowhere_else(position: list[Any]) -> None:
    try:
        mark = cursor(PATH, *position)
    except orjson.JSONEncodeError:  # a lone surrogate is no JSON
        return
    assert mark.isascii()
    assert opened(mark, PATH) == position
    with pytest.raises(Malformed):
        opened(mark, "/people")


encoded = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    json_values.map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode()),
    st.lists(json_values, max_size=4).map(
        lambda rest: base64.urlsafe_b64encode(json.dumps([PATH, *rest]).encode()).decode()
    ),
)


@given(mark=encoded, types=st.lists(st.sampled_from([str, int, bool]), max_size=3))
def test_any_cursor_is_of_the_types_a_list_asks_for_or_malformed(
    mark: str, types: list[type]
) -> None:
    try:
        found = Page(limit=1, path=PATH, after=opened(mark, PATH)).position(*types)
    except Malformed:
        return
    assert found is not None
    assert [type(value) for value in found] == types


def test_a_cursor_nested_deeply_is_malformed() -> None:
    with pytest.raises(Malformed):
        opened(base64.urlsafe_b64encode(b"[" * 100_000).decode(), PATH)


# tokens


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    file: Path = tmp_path_factory.mktemp("keys") / "jwks.json"
    file.write_text(jwks())
    return Keys(str(file), ISSUER, AUDIENCE)


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


HEADERS: list[Any] = [
    {"alg": "ES256", "kid": "test"},
    {"alg": "none", "kid": "test"},
    {"alg": "HS256", "kid": "test"},
    {"alg": ["ES256"], "kid": "test"},
    {"alg": "ES256", "kid": {}},
    {"alg": "ES256", "kid": "test", "crit": ["exp"]},
    {"alg": "ES256", "kid": "test", "b64": False},
    {"alg": {}},
    [],
    None,
    7,
    b"\xff",
    b"",
]
pieces = st.one_of(st.sampled_from(HEADERS), json_values, st.binary(max_size=80)).map(part)
forged = st.lists(pieces, max_size=5).map(".".join) | st.text(max_size=80)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=forged)
async def test_no_token_but_the_issuers_opens_the_door(keys: Keys, text: str) -> None:
    with pytest.raises(Unauthenticated):
        await keys.person(text)


@settings(deadline=None)
@given(data=st.data())
async def test_a_token_that_was_changed_anywhere_is_refused(
    keys: Keys, data: st.DataObject
) -> None:
    good = token("ann")
    assert (await keys.person(good)).person_id == "ann"
    head, body, signature = good.split(".")
    raw = [bytearray(base64.urlsafe_b64decode(one + "==")) for one in (head, body, signature)]
    which = data.draw(st.integers(0, 2))
    at, by = data.draw(st.integers(0, len(raw[which]) - 1)), data.draw(st.integers(1, 255))
    raw[which][at] ^= by
    with pytest.raises(Unauthenticated):
        await keys.person(".".join(part(bytes(one)) for one in raw))


@pytest.mark.parametrize("depth", [1_000, 20_000])
async def test_a_token_nested_deeply_is_refused(keys: Keys, depth: int) -> None:
    deep = b'{"alg":' * depth
    for one in (f"{part(deep)}.{part({})}.x", f"{part(HEADERS[0])}.{part(deep)}.x", part(deep)):
        with pytest.raises(Unauthenticated):
            await keys.person(one)


async def test_a_token_of_another_key_is_refused_whatever_it_calls_itself(keys: Keys) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(Unauthenticated):
        await keys.person(token("ann", key=other))
    public = json.loads(jwks())["keys"][0]
    for alg in ("HS256", "none"):  # the public key as a secret; and no signature at all
        secret = public["x"] * 2 if alg == "HS256" else None
        claims = {"sub": "ann", "iss": ISSUER, "aud": AUDIENCE, "exp": 2**40}
        made = jwt.encode(claims, secret, algorithm=alg, headers={"kid": "test"})
        with pytest.raises(Unauthenticated):
            await keys.person(made)


async def test_a_token_that_was_taken_before_ends_with_its_time(keys: Keys) -> None:
    almost_over = datetime.now(UTC) - timedelta(seconds=LEEWAY_SECONDS - 1)
    short = token("ann", exp=almost_over)
    assert (await keys.person(short)).person_id == "ann"

    async def until_refused() -> None:
        while True:
            await keys.person(short)
            await asyncio.sleep(0.05)

    with pytest.raises(Unauthenticated, match="expired"):
        await asyncio.wait_for(until_refused(), 10)


async def test_a_token_that_was_taken_before_ends_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(jwks())
    keys, kept = Keys(str(file), ISSUER, AUDIENCE), token("ann")
    assert (await keys.person(kept)).person_id == "ann"
    public = json.loads(jwks())["keys"][0]
    file.write_text(json.dumps({"keys": [{**public, "kid": "another"}]}))
    os.utime(file, (0, 0))  # replaced within the resolution of the file system's clock
    with pytest.raises(Unauthenticated):
        await keys.person(kept)
