"""The services as they run, under faults: kill -9, parts that are away, pauses, rebalances, duplicates."""
