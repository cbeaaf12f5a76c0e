"""Services with data that grows, and what is asked of them: a module for each, found by the service's name."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from importlib.util import find_spec

from deploy.local.services import names
from tests.bench.growing.copies import Asks, Fill
from tests.bench.rows import progress
from tests.bench.world import Bench

World = Callable[[Bench], AbstractAsyncContextManager[tuple[Fill, Asks]]]


def worlds() -> Iterator[tuple[str, World]]:
    """Each service that says how it grows; the others are named, and not measured."""
    for name in names():
        module = f"{__name__}.{name}"
        if find_spec(module):
            yield name, import_module(module).grown
        else:
            progress.print(f"{name}: not measured, as there is no tests/bench/growing/{name}.py")
