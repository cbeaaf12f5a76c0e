"""Which port is whose, by default and by choice."""

import os
import random
import socket
from collections.abc import Iterable, Mapping

from deploy.local.processes import CannotStart

PARTS = {"kafka": 9092, "kafka_controller": 9093, "mongo": 27017, "smtp": 1025, "mailbox": 8025}
FIRST_SERVICE = 8001
HOST = "127.0.0.1"

Ports = Mapping[str, int]


def chosen(services: Iterable[str] = ()) -> Ports:
    """The usual ports, each replaced by COPSE_PORT_<NAME> where that is set."""
    usual = PARTS | {name: FIRST_SERVICE + place for place, name in enumerate(services)}
    return {name: _from_environment(name, port) for name, port in usual.items()}


def free(services: Iterable[str] = ()) -> Ports:
    """Ports nobody uses now, for tests that run beside anything.

    They lie below the range from which systems pick a client's port. In that range a client that calls a stopped
    broker again and again may be given the broker's own port, connect to itself, and keep the broker from returning.
    """
    names = [*PARTS, *services]
    candidates = random.sample(range(15_000, 30_000), k=2_000)
    found = [port for port in candidates if is_free(port)][: len(names)]
    return dict(zip(names, found, strict=True))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def require_free(ports: Ports) -> None:
    """Raise CannotStart for the first that somebody else has, or that is meant for two."""
    owners: dict[int, str] = {}
    for name, port in ports.items():
        if port in owners:
            problem = f"is also meant for {owners[port]}"
        elif not is_free(port):
            problem = "is taken by another program"
        else:
            owners[port] = name
            continue
        another = f"{variable(name)}={free()['kafka']}"
        raise CannotStart(
            f"Port {port}, meant for {name}, {problem}. Choose another, such as: {another} make up"
        )


def variable(name: str) -> str:
    return f"COPSE_PORT_{name.upper()}"


def _from_environment(name: str, usual: int) -> int:
    text = os.environ.get(variable(name)) or str(usual)
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise CannotStart(
            f"{variable(name)} is {text!r}; it must be a port, a number from 1 to 65535."
        )
    return int(text)
