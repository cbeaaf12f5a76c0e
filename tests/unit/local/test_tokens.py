"""Tokens the local runner mints hold where services check them."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from deploy.cli.__main__ import app
from deploy.local.keys import jwks, private_key
from deploy.local.tokens import OPERATOR, mint, name_from, person_id
from shared.errors import Unauthenticated
from shared.http.keys import Keys


def keys_in(folder: Path) -> Keys:
    return Keys(str(jwks(folder)), issuer="copse", audience="copse")


async def test_a_token_says_who_it_is_for(tmp_path: Path):
    token = mint(tmp_path, "Mary.Lee@example.org", scopes=[OPERATOR])
    person = await keys_in(tmp_path).person(token)
    assert person.person_id == person_id("mary.lee@example.org")
    assert (person.name, person.email) == ("Mary Lee", "mary.lee@example.org")
    assert person.is_operator


async def test_an_old_token_no_longer_holds(tmp_path: Path):
    token = mint(tmp_path, "ann@example.org", valid_for=timedelta(minutes=-5))
    with pytest.raises(Unauthenticated):
        await keys_in(tmp_path).person(token)


async def test_a_token_of_another_system_does_not_hold(tmp_path: Path):
    token = mint(tmp_path / "other", "ann@example.org")
    with pytest.raises(Unauthenticated):
        await keys_in(tmp_path / "this").person(token)


def test_the_key_is_made_once_and_is_private(tmp_path: Path):
    first = jwks(tmp_path).read_text()
    assert jwks(tmp_path).read_text() == first
    assert stat.S_IMODE(private_key(tmp_path).stat().st_mode) == 0o600
    assert "d" not in json.loads(first)["keys"][0]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("mary.lee@example.org", "Mary Lee"),
        ("ann+work@example.org", "Ann"),
        ("jo_ann-b@example.org", "Jo Ann B"),
        ("-@example.org", "-@example.org"),
    ],
)
def test_a_name_is_taken_from_the_address(address: str, name: str):
    assert name_from(address) == name


def test_the_command_prints_the_token_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COPSE_STATE", str(tmp_path))
    asked = [
        "token",
        "ann@example.org",
        "--role",
        "operator",
        "--scope",
        "publish",
        "--name",
        "Ann B",
    ]
    done = CliRunner().invoke(app, asked)
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert claims["name"] == "Ann B"
    assert claims["scope"] == f"{OPERATOR} publish"
    assert claims["exp"] - claims["iat"] == timedelta(days=1).total_seconds()


def test_the_command_refuses_what_is_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COPSE_STATE", str(tmp_path))
    done = CliRunner().invoke(app, ["token", "ann"])
    assert (done.exit_code, done.stdout) == (2, "")
