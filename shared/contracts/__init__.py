"""Every event that a service publishes, a module an owner. Importing this package knows them all."""

from shared.contracts import membership, notifications, resources, scheduling

__all__ = ["membership", "notifications", "resources", "scheduling"]
