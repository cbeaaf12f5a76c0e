"""Where Kafka is and what lets one in: one place for every client."""

import ssl
from pathlib import Path

import pytest
from faststream.kafka.security import parse_security

from shared.runtime.service import security
from shared.runtime.settings import KafkaSettings, load


def told(monkeypatch: pytest.MonkeyPatch, **settings: str) -> KafkaSettings:
    for name, value in settings.items():
        monkeypatch.setenv(f"COPSE_{name.upper()}", value)
    return load(KafkaSettings)


def test_nothing_is_said_to_a_kafka_that_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    config = told(monkeypatch, kafka="kafka:9092")
    assert config.kafka_client() == {"bootstrap_servers": "kafka:9092"}
    assert security(config) is None


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256"])
def test_a_user_signs_in_by_scram(monkeypatch: pytest.MonkeyPatch, mechanism: str) -> None:
    config = told(monkeypatch, kafka_user="ann", kafka_password="s3cret", kafka_mechanism=mechanism)
    assert config.kafka_access() == {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism,
        "sasl_plain_username": "ann",
        "sasl_plain_password": "s3cret",
    }
    assert "s3cret" not in repr(config)


@pytest.mark.parametrize("user", ["", "ann"])
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"])
def test_every_client_is_let_in_the_same_way(
    monkeypatch: pytest.MonkeyPatch, user: str, mechanism: str
) -> None:
    config = told(
        monkeypatch,
        kafka_user=user,
        kafka_password="s3cret",
        kafka_mechanism=mechanism,
        kafka_tls="true",
    )
    listener = security(config)
    assert listener
    theirs, ours = parse_security(listener), config.kafka_access()
    assert theirs.keys() == ours.keys()
    for name in ours.keys() - {"ssl_context"}:
        assert theirs[name] == ours[name]
    assert isinstance(theirs["ssl_context"], ssl.SSLContext)


def test_an_authority_of_ones_own_replaces_those_the_system_trusts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text(CERTIFICATE)
    config = told(monkeypatch, kafka_tls="true", kafka_ca=str(authority))
    access = config.kafka_access()
    assert access["security_protocol"] == "SSL"
    assert len(access["ssl_context"].get_ca_certs()) == 1
    assert access["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert access["ssl_context"].check_hostname


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"kafka_user": "ann"}, "COPSE_KAFKA_PASSWORD"),
        ({"kafka_user": "ann", "kafka_password": "p4ss", "kafka_mechanism": "PLAIN"}, "_TLS"),
        ({"kafka_ca": "ca.pem"}, "COPSE_KAFKA_TLS"),
        ({"kafka_tls": "true", "kafka_ca": "nowhere.pem"}, "no file nowhere.pem"),
        ({"kafka_mechanism": "MD5"}, "COPSE_KAFKA_MECHANISM"),
    ],
)
def test_what_cannot_work_is_told_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, str],
    named: str,
) -> None:
    with pytest.raises(SystemExit, match="2"):
        told(monkeypatch, **settings)
    said = capsys.readouterr().err
    assert named in said
    assert "p4ss" not in said


CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUWecKSy9mJjK9s9W/1wzf/4BF4p0wCgYIKoZIzj0EAwIw
IjEgMB4GA1UEAwwXQW4gYXV0aG9yaXR5IGZvciBhIHRlc3QwIBcNMjYxMTIyMTU1
NDAzWhgPMjEyNjEwMjkxNTU0MDNaMCIxIDAeBgNVBAMMF0FuIGF1dGhvcml0eSBm
b3IgYSB0ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAIeo5rY86fMNee4+
PiIuzBicgIxg5qMeiLn1v5iyvToaHujXpvPIE4jHfDndYbAAilzbVoPB+gjAY4f0
+e5yX6NTMFEwHQYDVR0OBBYEFKOTxJB+14BcrwO+rAeAMDdkpSIzMB8GA1UdIwQY
MBaAFKOTxJB+14BcrwO+rAeAMDdkpSIzMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZI
zj0EAwIDSQAwRgIhAOM3Sqcn4PSysR23y+khq7VOiPi4jl/5GK0i+LPAt6t8AiEA
u0d5UFSW3LgBjLVzBO0PfvfkLfS9DN/6OcZLAEjGII4=
-----END CERTIFICATE-----
"""
