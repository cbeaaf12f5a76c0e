"""The kernel: how a service keeps state, speaks and listens. No business words outside contracts/."""

__version__ = "0.1.0"
"""Of all of Copse, as documents and services tell it; docs/CHANGELOG.md says what is in it."""
