"""Apache Kafka from its Maven jars, one node, as a process."""

import base64
import hashlib
import os
import re
import shutil
import socket
import struct
import subprocess
import uuid
from pathlib import Path, PurePosixPath
from string import Template

from deploy.local.cache import cached
from deploy.local.ports import HOST
from deploy.local.processes import CannotStart, Process

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
JAVA_VERSION = 17
HEAP, JVM = ("-Xms128m", "-Xmx512m"), ("-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError")


def kafka(folder: Path, port: int, controller_port: int) -> Process:
    """The broker, its log formatted on first use and kept in `folder`."""
    java, classes = _java(), f"{_jars()}/*"
    home = folder / "kafka"
    settings, log = home / "server.properties", home / "log"
    home.mkdir(parents=True, exist_ok=True)
    settings.write_text(server_properties(log, port, controller_port))
    _format_once(log, [java, "-cp", classes, "kafka.tools.StorageTool"], settings)
    logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
    command = [java, *HEAP, *JVM, logging, "-cp", classes, "kafka.Kafka", str(settings)]
    return Process("kafka", folder, command, ready=lambda: serves(port))


def server_properties(
    log: Path | PurePosixPath, port: int, controller_port: int, listen: str = HOST
) -> str:
    """What the broker is told, wherever it runs; its clients find it on this machine alone."""
    template = Template((HERE / "server.properties").read_text())
    return template.substitute(
        folder=log, listen=listen, port=port, controller_port=controller_port
    )


def new_cluster_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def _format_once(log: Path, storage_tool: list[str], settings: Path) -> None:
    done = log.with_name("formatted")
    if done.exists():
        return
    shutil.rmtree(log, ignore_errors=True)  # what an aborted formatting left
    _run(
        [*storage_tool, "format", f"--cluster-id={new_cluster_id()}", "--config", str(settings)],
        "Kafka's log folder",
    )
    done.touch()


def _jars() -> Path:
    """The jars named by pom.xml. Maven is needed only while they are not in the cache."""
    version = re.search(r"<kafka.version>(.+)</kafka.version>", POM.read_text())
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:8]
    return cached(f"kafka-{version[1] if version else ''}-{digest}", _fetch)


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStart(
            "Maven, which fetches Kafka, is missing: install it, e.g. apt-get install maven"
        )
    goal = [
        "-q",
        "-B",
        "-f",
        str(POM),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={folder}",
    ]
    _run([maven, *goal], "Kafka's jars")


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    mend = f"install Java {JAVA_VERSION} or later, e.g. apt-get install openjdk-{JAVA_VERSION}-jre-headless"
    if java is None or not Path(java).exists():
        raise CannotStart(f"Java, on which Kafka runs, is missing: {mend}")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < JAVA_VERSION:
        raise CannotStart(f"{java} is too old for Kafka ({told.partition(chr(10))[0]}): {mend}")
    return java


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotStart(f"{what} could not be made:\n{(done.stdout + done.stderr)[-2000:]}")


def serves(port: int) -> bool:
    """Whether the broker answers ApiVersions, the one request that needs nothing else; it does so when it serves."""
    request = struct.pack(">hhih", 18, 0, 1, -1)  # api, its version, correlation id, no client name
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            return len(connection.recv(4)) == 4
    except OSError:
        return False
