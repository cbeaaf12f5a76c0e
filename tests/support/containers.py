"""Kafka and MongoDB in containers of this run's own, from the images that docker-compose.yml names.

In its container a part listens on the port that it has outside: one address is true on both sides, so the broker finds
itself, and the replica set its member. Everything is removed when the run ends; what is left by a run that was killed, by
testcontainers' reaper, or where TESTCONTAINERS_RYUK_DISABLED is set by the next run.
"""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from docker.errors import APIError, NotFound
from testcontainers.core.container import DockerContainer

from deploy.local import kafka as kafka_here
from deploy.local import mailbox, ports
from deploy.local import mongo as mongo_here
from deploy.local.parts import Parts, start_together
from deploy.local.processes import CannotStart, Running
from tests.support.engine import image, labels, prepare

EVERYWHERE = "0.0.0.0"  # of the container: outside it is bound to this machine alone
KAFKA_DATA, MONGO_DATA = PurePosixPath("/var/lib/kafka/data"), PurePosixPath("/data/db")
LIMIT = 100.0  # seconds for a part to be ready, its image being there


class Container:
    """A part in a container, in the words of `deploy.local.processes.Process`. What it holds stays until it is removed."""

    def __init__(
        self, name: str, port: int, ready: Callable[[], bool], settings: dict[str, Any]
    ) -> None:
        self.name = name
        self._ready = ready
        self._blueprint = DockerContainer(image(name), **settings, labels=labels())
        self._blueprint.ports = {str(port): (ports.HOST, port)}
        self._container: Any = None
        self._process: Running | None = None

    @property
    def id(self) -> str:
        return self._container.id

    @property
    def alive(self) -> bool:
        """Docker hears of a death a moment later than whoever looks at the process."""
        dead = self._process is not None and not self._process.alive
        return not dead and self._state()["Status"] in ("running", "paused")

    @property
    def pid(self) -> int | None:
        """Of its first process, as this machine counts; None where it cannot be sent a signal from here."""
        if self._process is None or not self.alive:
            return None
        try:
            os.kill(self._process.pid, 0)
        except OSError:
            return None
        return self._process.pid

    def start(self) -> None:
        self.spawn()
        self.wait_until_ready()

    def spawn(self) -> None:
        if self.alive:
            return
        if self._container is None:
            self._container = self._blueprint.start().get_wrapped_container()
        else:
            self._container.wait(timeout=10)  # until Docker knows that it ended
            self._container.start()
        self._process = self._first_process()

    def wait_until_ready(self) -> None:
        until = time.monotonic() + LIMIT
        while not self._ready():
            if not self.alive:
                raise CannotStart(f"{self.name} ended while starting.\n{self.last_lines()}")
            if time.monotonic() > until:
                raise CannotStart(
                    f"{self.name} is not ready after {LIMIT:.0f} s.\n{self.last_lines()}"
                )
            time.sleep(0.05)

    def stop(self, grace: float = 15.0) -> int | None:
        if not self.alive:
            return None
        self.resume()  # a paused process hears nothing
        self._container.stop(timeout=round(grace))
        return self._state()["ExitCode"]

    def kill(self) -> None:
        with suppress(APIError):  # it was about to end
            self._container.kill()
        self._container.wait(timeout=10)

    def pause(self) -> None:
        if self.alive:
            self._container.pause()

    def resume(self) -> None:
        if self._state()["Status"] == "paused":
            self._container.unpause()

    def run(self, *command: str) -> str:
        """What a command says inside."""
        code, said = self._container.exec_run([*command])
        assert code == 0, said
        return said.decode()

    def last_lines(self, count: int = 20) -> str:
        return self._container.logs(tail=count).decode(errors="replace")

    def remove(self) -> None:
        """With all that it holds."""
        with suppress(NotFound):
            self._blueprint.stop()

    def _first_process(self) -> Running | None:
        """Where this machine sees it, as it does not where Docker has a machine of its own."""
        pid = self._state().get("Pid", 0)
        with suppress(OSError):
            if self.id in Path(f"/proc/{pid}/cgroup").read_text():
                return Running.of(pid)
        return None

    def _state(self) -> dict[str, Any]:
        """Docker's words; as of one that has ended where there is none."""
        if self._container is not None:
            with suppress(NotFound):
                self._container.reload()
                return self._container.attrs["State"]
        return {"Status": "exited"}


class Containers(Parts):
    """Kafka and MongoDB in containers, with a mailbox beside them; stopped, they are gone."""

    def stop(self) -> None:
        for part in self.processes:
            part.remove() if isinstance(part, Container) else part.stop()


def start(folder: Path, on: ports.Ports | None = None) -> Containers:
    """As `Parts.start`; the mailbox, which is ours, runs without a container."""
    prepare()
    on = on or ports.free()
    parts = Containers(
        kafka=f"{ports.HOST}:{on['kafka']}",
        mongo=mongo_here.address(on["mongo"]),
        smtp=(ports.HOST, on["smtp"]),
        mailbox=f"http://{ports.HOST}:{on['mailbox']}",
        kafka_process=kafka(on["kafka"], on["kafka_controller"]),
        mongo_process=mongo(on["mongo"]),
        mailbox_process=mailbox.process(folder.absolute(), on["smtp"], on["mailbox"]),
    )
    try:
        start_together(parts.processes)
    except BaseException:
        parts.stop()
        raise
    return parts


@contextmanager
def mongo_alone() -> Generator[str]:
    """The address of a MongoDB of its own."""
    prepare()
    port = ports.free()["mongo"]
    mongod = mongo(port)
    try:
        mongod.start()
        yield mongo_here.address(port)
    finally:
        mongod.remove()


def kafka(port: int, controller_port: int) -> Container:
    """Told what deploy/local/kafka tells, in the words of its image; one of them drops all of the image's defaults."""
    told = kafka_here.server_properties(KAFKA_DATA, port, controller_port, EVERYWHERE)
    lines = [line.split("=", 1) for line in told.splitlines() if line and line[0] != "#"]
    env = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in lines}
    env |= {
        "CLUSTER_ID": kafka_here.new_cluster_id(),
        "KAFKA_HEAP_OPTS": " ".join(kafka_here.HEAP),
        "KAFKA_JVM_PERFORMANCE_OPTS": " ".join(kafka_here.JVM),
    }
    return Container("kafka", port, lambda: kafka_here.serves(port), {"env": env})


def mongo(port: int) -> Container:
    command = ["mongod", *mongo_here.arguments(MONGO_DATA, port, EVERYWHERE)]
    return Container("mongo", port, lambda: mongo_here.is_primary(port), {"command": command})
