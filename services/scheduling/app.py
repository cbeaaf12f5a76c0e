"""Scheduling, wired."""

from services.scheduling import api, handlers, store
from services.scheduling.settings import SchedulingSettings
from shared.contracts import scheduling
from shared.runtime.serve import run
from shared.runtime.service import Service

service = Service(
    "scheduling",
    api.router,
    handlers.on,
    settings=SchedulingSettings,
    indexes=store.INDEXES,
    publishes=(
        scheduling.RhythmChosen,
        scheduling.RhythmEnded,
        scheduling.MeetingScheduled,
        scheduling.MeetingAnnounced,
        scheduling.MeetingMoved,
        scheduling.MeetingRedescribed,
        scheduling.MeetingCancelled,
        scheduling.MeetingWithdrawn,
        scheduling.SeatTaken,
        scheduling.SeatConsidered,
        scheduling.SeatAwaited,
        scheduling.SeatPromoted,
        scheduling.SeatDeclined,
    ),
)

if __name__ == "__main__":
    run(service)
