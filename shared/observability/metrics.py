"""Every metric of the kernel; what alerts are made of stands in deploy/prometheus/."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # a second series for each counter, which nobody asks for

CONSUMED = Counter("copse_events", "Events consumed", ["topic", "outcome"])
LAG = Gauge("copse_lag_records", "Records not yet consumed", ["topic", "partition"])
LAG_SECONDS = Gauge(
    "copse_lag_seconds",
    "Age of the oldest record that is not applied, or may be there unseen; 0 when nothing waits",
    ["topic", "partition"],
)
OUTBOX_DEPTH = Gauge("copse_outbox_events", "Events that wait for Kafka")
OUTBOX_AGE = Gauge("copse_outbox_age_seconds", "Age of the oldest event that waits for Kafka")
PUBLISHED = Counter("copse_published_events", "Events acknowledged by Kafka", ["topic"])
PARKED = Gauge("copse_parked_events", "Events set aside, by state", ["state"])
BATCH = Histogram("copse_batch_seconds", "Time of one partition batch, commit included")
REQUESTS = Histogram("copse_request_seconds", "Time of a request", ["route", "method", "status"])
COMMANDS_PER_COMMIT = Histogram(
    "copse_commands_per_commit",
    "Commands on one aggregate that were committed together",
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
READY = Gauge("copse_ready", "1 when the service is ready, as /readyz says")
