"""Scheduling as a service: `python -m services.scheduling.app`."""

from services.scheduling import api, handlers, store
from shared.runtime.service import create_service, run

app = create_service(
    "scheduling",
    api.router,
    handlers.on,
    indexes=store.INDEXES,
    settings=store.SchedulingSettings,
)

if __name__ == "__main__":
    run(app)
