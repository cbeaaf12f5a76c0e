"""Every event that a service publishes, a module an owner. Importing this package knows them all."""

from importlib import import_module
from pkgutil import iter_modules

from shared.events.event import EVENTS

for _owner in iter_modules(__path__):
    import_module(f"{__name__}.{_owner.name}")

TOPICS = frozenset(
    event.topic for event in EVENTS.values() if event.__module__.startswith(__name__)
)
"""Every topic that a service of Copse owns."""
