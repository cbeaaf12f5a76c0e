"""Which port is whose, by default and by choice."""

import os
import random
import socket
from collections.abc import Iterable, Mapping
from itertools import islice

from deploy.local.processes import CannotStart

PARTS = {"kafka": 9092, "kafka_controller": 9093, "mongo": 27017, "smtp": 1025, "mailbox": 8025}
FIRST_SERVICE = 8001
HOST = "127.0.0.1"

Ports = Mapping[str, int]


def chosen(services: Ports | None = None) -> Ports:
    """The parts' usual ports and those of services, each replaced by COPSE_PORT_<NAME> where that is set."""
    usual = {**PARTS, **(services or {})}
    return {name: _from_environment(name, port) for name, port in usual.items()}


def free(services: Iterable[str] = ()) -> Ports:
    """Ports nobody uses now, for tests that run beside anything.

    They lie below the range from which systems pick a client's port. In that range a client that calls a stopped
    broker again and again may be given the broker's own port, connect to itself, and keep the broker from returning.
    """
    names = [*PARTS, *services]
    return dict(zip(names, _free(len(names)), strict=True))


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
    """Raise CannotStart that names every port somebody else has, or that is meant for two."""
    owners: dict[int, str] = {}
    problems: dict[str, str] = {}
    for name, port in ports.items():
        if port in owners:
            problems[name] = f"Port {port}, meant for {name}, is meant for {owners[port]} too."
        elif not is_free(port):
            problems[name] = f"Port {port}, meant for {name}, is taken by another program."
        owners.setdefault(port, name)
    if problems:
        others = zip(problems, _free(len(problems)), strict=True)
        choice = " ".join(f"{variable(name)}={port}" for name, port in others)
        raise CannotStart(
            "\n".join([*problems.values(), f"Choose others, such as: {choice} make up"])
        )


def variable(name: str) -> str:
    return f"COPSE_PORT_{name.upper()}"


def _free(count: int) -> list[int]:
    candidates = random.sample(range(15_000, 30_000), k=1_000)
    return list(islice(filter(is_free, candidates), count))


def _from_environment(name: str, usual: int) -> int:
    text = os.environ.get(variable(name)) or str(usual)
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise CannotStart(
            f"{variable(name)} is {text!r}; it must be a port, a number from 1 to 65535."
        )
    return int(text)
