"""Docker on this machine: the images that parts run from, whose a container is, and what dead runs left."""

import json
import os
import socket
from contextlib import closing, suppress
from dataclasses import asdict

import docker
import yaml
from docker.errors import APIError, DockerException
from testcontainers.core.config import testcontainers_config
from testcontainers.core.docker_client import DockerClient

from deploy.local import ports
from deploy.local.processes import CannotStart, Running
from deploy.local.state import ROOT

HOST_LABEL, RUN_LABEL = "copse.tests.host", "copse.tests.run"


def image(name: str) -> str:
    """The one that operators run."""
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return composed["services"][name]["image"]


def labels() -> dict[str, str]:
    """Whose a container is."""
    run = asdict(Running.of(os.getpid()))
    return {HOST_LABEL: socket.gethostname(), RUN_LABEL: json.dumps(run)}


def prepare() -> None:
    """Fetch the images that are not there, for which a test would have no time; remove what dead runs left.

    Raises CannotStart when there is no engine, or it is another machine's, where 127.0.0.1 would lead nowhere.
    """
    try:
        engine = DockerClient()
        with closing(engine.client) as client:
            if (host := engine.host()) not in ("localhost", ports.HOST):
                raise CannotStart(f"Containers need Docker on this machine; this one is at {host}.")
            remove_what_dead_runs_left(client)
            for name in ("kafka", "mongo"):
                wanted = testcontainers_config.hub_image_name_prefix + image(name)
                if not client.images.list(wanted):
                    client.images.pull(wanted)
    except DockerException as error:
        raise CannotStart(f"Containers need Docker, which does not answer: {error}") from error


def remove_what_dead_runs_left(client: docker.DockerClient) -> None:
    """Theirs of this machine alone: of another's nobody knows whether it lives."""
    here = {"label": f"{HOST_LABEL}={socket.gethostname()}"}
    for container in client.containers.list(all=True, filters=here, ignore_removed=True):
        if not Running(**json.loads(container.labels[RUN_LABEL])).alive:
            with suppress(APIError):  # another run may be at it
                container.remove(force=True, v=True)
