"""Ids are UUIDv7 (RFC 9562): one of a kind, also in a process that another one became, and sorted by time."""

import subprocess
import sys
import time
from uuid import UUID

from shared.events.event import new_id

FORKING = """
import os, warnings
from shared.events.event import new_id
new_id()  # from here on there is something that both could use
warnings.simplefilter("ignore")
child = os.fork()
os.write(1, new_id()[-17:].encode() + b"\\n")  # at once, or two lines may mingle
if child:
    os.waitpid(child, 0)
"""


def test_an_id_is_a_uuid_of_version_7_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    id = UUID(new_id())
    assert (id.version, id.variant) == (7, "specified in RFC 4122")
    assert before <= id.int >> 80 <= time.time_ns() // 1_000_000


def test_no_two_ids_are_the_same() -> None:
    ids = [new_id() for _ in range(5_000)]
    assert len({id[-17:] for id in ids}) == len(ids), "what is random in them"


def test_ids_of_another_millisecond_sort_after_those_before() -> None:
    earlier = new_id()
    time.sleep(0.002)
    assert earlier < new_id()


def test_a_forked_process_makes_ids_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=30, check=True
    )
    ours, theirs = done.stdout.split()
    assert ours != theirs
