"""Kafka, MongoDB and the mailbox, started together; for `make up` and for tests."""

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from deploy.local import mailbox, ports
from deploy.local.kafka import kafka
from deploy.local.mongo import address, mongo
from deploy.local.processes import Running, running_in

NAMES = ("kafka", "mongo", "mailbox")


class Part(Protocol):
    """What may be done to a part, whatever it runs in: the words of `deploy.local.processes.Process`."""

    name: str

    @property
    def alive(self) -> bool: ...
    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...
    def spawn(self) -> None: ...
    def wait_until_ready(self) -> None: ...
    def stop(self, grace: float = ...) -> int | None: ...
    def kill(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


@dataclass(frozen=True)
class Parts:
    """Where the parts are, and their processes, which a test may stop, kill, pause and start again.

    The data stays in its folder: parts started there again hold what they held.
    """

    kafka: str  # host:port
    mongo: str  # URI
    smtp: tuple[str, int]
    mailbox: str  # URL
    kafka_process: Part
    mongo_process: Part
    mailbox_process: Part

    @classmethod
    def prepare(cls, folder: Path, on: ports.Ports) -> Self:
        """Fetch what is not in the cache, format what is new; start nothing."""
        folder = folder.absolute()
        with ThreadPoolExecutor() as at_once:
            broker = at_once.submit(kafka, folder, on["kafka"], on["kafka_controller"])
            database = at_once.submit(mongo, folder, on["mongo"])
            return cls(
                kafka=f"{ports.HOST}:{on['kafka']}",
                mongo=address(on["mongo"]),
                smtp=(ports.HOST, on["smtp"]),
                mailbox=f"http://{ports.HOST}:{on['mailbox']}",
                kafka_process=broker.result(),
                mongo_process=database.result(),
                mailbox_process=mailbox.process(folder, on["smtp"], on["mailbox"]),
            )

    @classmethod
    def start(cls, folder: Path, on: ports.Ports | None = None) -> Self:
        """Everything ready to be used, on free ports unless told otherwise.

        What already lives in the folder, on these ports, is left as it is. If a part fails, those just started end.
        """
        lived = running_in(folder)
        parts = cls.prepare(folder, on or ports.free())
        try:
            start_together(parts.processes)
        except BaseException:
            end_all(folder, but=lived)
            raise
        return parts

    @property
    def processes(self) -> tuple[Part, ...]:
        return (self.kafka_process, self.mongo_process, self.mailbox_process)

    def stop(self) -> None:
        stop_together(self.processes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()


def start_together(processes: Collection[Part]) -> None:
    for process in processes:
        process.spawn()
    for process in processes:
        process.wait_until_ready()


def stop_together(processes: Iterable[Part]) -> None:
    with ThreadPoolExecutor() as at_once:
        for stopping in [at_once.submit(process.stop) for process in processes]:
            stopping.result()


def end_all(folder: Path, but: Collection[str] = (), grace: float = 15) -> None:
    """End what runs in this folder, whoever started it, except those named.

    Services end before the parts, which they still need for what they are in the middle of.
    """
    living = {name: running for name, running in running_in(folder).items() if name not in but}
    parts = [running for name, running in living.items() if name in NAMES]
    services = [running for name, running in living.items() if name not in NAMES]
    with ThreadPoolExecutor() as at_once:
        for together in (services, parts):
            list(at_once.map(Running.end, together, [grace] * len(together)))
