"""Outbox → Kafka."""
