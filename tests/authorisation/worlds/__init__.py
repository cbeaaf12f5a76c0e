"""What each service holds before it is asked: a module for each, found by the service's name.

`build(world)` fills the service and keeps the ids that its matrix names in `world.ids`. A service without a module is
asked as it is.
"""

from importlib import import_module
from importlib.util import find_spec

from tests.authorisation.people import World
from tests.authorisation.worlds.facts import MONDAY

__all__ = ["MONDAY", "build"]


async def build(name: str, world: World) -> None:
    """Fill a service with what its matrix speaks of."""
    module = f"{__name__}.{name}"
    if find_spec(module):
        await import_module(module).build(world)
