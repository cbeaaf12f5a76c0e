"""Resources, wired."""

from services.resources import api, handlers, store
from services.resources.settings import ResourceSettings
from shared.contracts import resources
from shared.runtime.serve import run
from shared.runtime.service import Service

service = Service(
    "resources",
    api.router,
    handlers.on,
    settings=ResourceSettings,
    indexes=store.INDEXES,
    publishes=(
        resources.ResourceShared,
        resources.ResourceRevised,
        resources.ResourceRestored,
        resources.ResourceBinned,
        resources.ResourceRecovered,
    ),
)

if __name__ == "__main__":
    run(service)
