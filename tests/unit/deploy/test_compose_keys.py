"""What is secret in an installation: made once, each to its holder alone."""

from pathlib import Path

import pytest
import typer

from deploy.compose import keys
from deploy.compose.keys import mongo_password, mongo_users
from deploy.compose.outside import OPERATOR
from deploy.compose.replica_set import roles
from deploy.local.services import names


@pytest.fixture
def issued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The volume `secrets`, empty, beside one for each holder."""
    monkeypatch.setenv("COPSE_STATE", str(tmp_path / "signing"))
    monkeypatch.setattr(keys, "ISSUED", tmp_path / "secrets")
    monkeypatch.setattr(keys, "HELD", tmp_path / "holders")
    (tmp_path / "secrets").mkdir()
    for holder in (*mongo_users(), "mongo"):
        (tmp_path / "holders" / holder).mkdir(parents=True)
    return tmp_path / "secrets"


def everything(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_text() for file in files}


def test_everybody_has_secrets_of_their_own(issued: Path) -> None:
    keys.keys()
    passwords = [mongo_password(user) for user in mongo_users()]
    passwords += [file.read_text() for file in issued.rglob("copse_kafka_password")]
    passwords.append(keys.root_password())
    assert len(passwords) == len(set(passwords)) > 2 * len(names())
    assert all(len(password) > 30 for password in passwords)


@pytest.mark.parametrize("holder", [*names(), OPERATOR, "mongo"])
def test_a_holder_is_handed_its_own_and_no_more(issued: Path, holder: str) -> None:
    keys.keys()
    handed = everything(issued.parent / "holders" / holder)
    assert handed == everything(issued / holder)
    others = everything(issued)
    for name, secret in others.items():
        if not name.startswith(f"{holder}/") and not name.endswith("jwks.json"):
            assert secret not in handed.values()


def test_what_is_there_stays(issued: Path) -> None:
    keys.keys()
    before = everything(issued)
    keys.keys()
    assert everything(issued) == before


def test_an_earlier_version_s_one_password_stays_mongodbs_first_users_alone(issued: Path) -> None:
    for name in ("mongo_password", "copse_mongo", "jwks.json"):
        (issued / name).write_text("of an earlier version")
    keys.keys()
    assert keys.root_password() == "of an earlier version"
    assert [file for file in issued.iterdir() if file.is_file()] == []
    assert "of an earlier version" not in everything(issued.parent / "holders" / "membership")


def test_a_service_without_a_volume_for_its_secrets_is_named(
    issued: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (issued.parent / "holders" / "scheduling").rmdir()
    (issued.parent / "holders" / "scheduling").touch()
    with pytest.raises(typer.Exit):
        keys.keys()
    assert "no volume for scheduling" in capsys.readouterr().err


@pytest.mark.parametrize("service", names())
def test_a_service_may_write_in_its_own_database_alone(service: str) -> None:
    assert roles(service) == [{"role": "readWrite", "db": service}]


def test_the_operator_gives_no_rights() -> None:
    given = {role["role"] for role in roles(OPERATOR)}
    assert not {one for one in given if "root" in one or "user" in one or "restore" in one}
