"""The kernel: how a service keeps state, speaks and listens. No business words outside contracts/."""

__version__ = "0.1.0"
