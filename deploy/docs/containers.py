"""What operators' files say of each service: its container, user, port and target, found by its folder.

What a container has beside what all have is its service's own: services/<name>/compose.yml, a Compose file of one service.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from deploy.docs import system
from deploy.docs.sections import filled
from deploy.local import ports, services
from deploy.local.ports import HOST

OWN = "compose.yml"
TEST_PORTS = 5000
"""How far the ports of a second installation, for tests, are from the usual ones."""
WIDE = 10_000
"""No line is broken."""
INSIDE = 8000
"""Where a service listens inside its container."""
OFFERED = re.compile(r"^\s*(?:(COPSE_\w+):$|.*?\$\{(COPSE_\w+):-([^{}]*)\})")
"""A line that lets operators choose: a setting that is theirs alone, or one with a default."""
Yaml = dict[str, Any]


class UnclearContainer(ValueError):
    """A service's compose.yml cannot be laid over what all have: which, and why."""


@dataclass(frozen=True)
class Container:
    """A service as operators' files name it."""

    name: str
    port: int
    own: Yaml
    """What its container has beside what all have."""
    volumes: Yaml
    secrets: Yaml
    offered: str
    """Its settings for operators, each with its default and what stands above it."""

    @property
    def port_variable(self) -> str:
        return ports.variable(self.name)

    @property
    def url_variable(self) -> str:
        return f"COPSE_URL_{self.name.upper()}"


def containers() -> list[Container]:
    """Every service, in the order of the ports. UnclearContainer where what one says of itself cannot be read."""
    return [_container(name, port) for name, port in services.usual_ports().items()]


def ports_page() -> str:
    """deploy/ports.yaml: what stands there, and the next port for who is new."""
    head = "".join(re.findall(r"^#.*\n", services.PORTS.read_text(), re.M))
    return head + yaml.safe_dump(services.usual_ports(), sort_keys=False)


def pages() -> dict[Path, str]:
    """Every file of operators that names services, as it should be."""
    found = {services.PORTS: ports_page()}
    every = containers()
    for name, parts in FILES.items():
        file = system.ROOT / name
        written = {part: write(every) for part, write in parts.items()}
        found[file] = filled(file.read_text(), written)
    return found


def _container(name: str, port: int) -> Container:
    file = system.ROOT / "services" / name / OWN
    text = file.read_text() if file.exists() else ""
    try:
        said = cast("Yaml", yaml.safe_load(text) or {})
    except yaml.YAMLError as error:
        raise UnclearContainer(f"services/{name}/{OWN} is not YAML: {error}") from error
    named = cast("Yaml", said.get("services", {}))
    if set(said) - {"services", "volumes", "secrets"} or set(named) - {name}:
        raise UnclearContainer(f"services/{name}/{OWN} may speak of the service {name} alone")
    offered = "".join(f"{line}\n" for line in _offered(text))
    return Container(
        name, port, named.get(name, {}), said.get("volumes", {}), said.get("secrets", {}), offered
    )


def _offered(text: str) -> Iterator[str]:
    above: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            above.append(line.strip())
            continue
        if chosen := OFFERED.match(line):
            yield from above
            yield f"#{chosen[1] or chosen[2]}={chosen[3] or ''}"
        above.clear()


def _services(every: list[Container]) -> str:
    return "\n".join(map(_block, every))


def _block(one: Container) -> str:
    own = dict(one.own)
    environment = own.pop("environment", {})
    volumes = [f"{one.name}-secrets:/run/copse:ro", *own.pop("volumes", [])]
    url = f"${{{one.url_variable}:-http://{HOST}:${{{one.port_variable}:-{one.port}}}}}"
    lines = [
        f"{one.name}:",
        "  <<: *service",
        f"  command: [python, -m, services.{one.name}.app]",
        f"  volumes: {json.dumps(volumes)}",
        "  environment:",
        "    <<: *settings",
        f"    COPSE_PUBLIC_URL: {url}",
        *_lines(environment, 4),
        f'  ports: ["{HOST}:${{{one.port_variable}:-{one.port}}}:{INSIDE}"]',
        *_lines(own, 2),
    ]
    return "".join(f"{line}\n" for line in lines)


def _lines(said: Yaml, margin: int) -> list[str]:
    """A line for each entry, whatever it holds."""
    return [" " * margin + _line(name, value) for name, value in said.items()]


def _line(name: str, value: object) -> str:
    if not isinstance(value, dict | list):
        return yaml.safe_dump({name: value}, width=WIDE).strip()
    flow = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=WIDE)
    return f"{name}: {flow.strip()}"


def _each(write: Callable[[Container], str]) -> Callable[[list[Container]], str]:
    """A line for each."""
    return lambda every: "".join(f"{write(one)}\n" for one in every)


def _volumes(every: list[Container]) -> str:
    own = [line for one in every for line in _lines(one.volumes, 0)]
    return _each(lambda one: f"{one.name}-secrets:")(every) + "".join(f"{line}\n" for line in own)


def _secrets(every: list[Container]) -> str:
    return "".join(f"{line}\n" for one in every for line in _lines(one.secrets, 0))


def _settings(every: list[Container]) -> str:
    return "\n".join(one.offered for one in every if one.offered)


Parts = Mapping[str, Callable[[list[Container]], str]]
FILES: Mapping[str, Parts] = {
    "docker-compose.yml": {
        "services": _services,
        "holders": _each(lambda one: f"- {one.name}-secrets:/run/holders/{one.name}"),
        "secrets": _secrets,
        "volumes": _volumes,
    },
    "deploy/compose.secure.yml": {
        "users": _each(lambda one: f"{one.name}: {{environment: {{COPSE_KAFKA_USER: {one.name}}}}}")
    },
    "deploy/compose.observe.yml": {"traced": _each(lambda one: f"{one.name}: *traced")},
    "deploy/compose/compose.test.yml": {"clocks": _each(lambda one: f"{one.name}: *clock")},
    "deploy/compose/test.env": {
        "ports": _each(lambda one: f"{one.port_variable}={one.port + TEST_PORTS}")
    },
    "deploy/compose/env.example": {
        "ports": _each(lambda one: f"#{one.port_variable}={one.port}"),
        "urls": _each(lambda one: f"#{one.url_variable}=http://{HOST}:{one.port}"),
        "settings": _settings,
    },
    "deploy/prometheus/prometheus.yml": {
        "targets": _each(
            lambda one: f'- {{targets: ["{one.name}:{INSIDE}"], labels: {{service: {one.name}}}}}'
        )
    },
}
"""Operators' files, and what is written into each for the services."""
