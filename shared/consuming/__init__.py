"""Kafka → handlers: each event once, in the order of its key, nothing lost."""
