"""MongoDB: one transaction for state and events."""
