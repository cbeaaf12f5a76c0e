"""The kernel: how a service keeps state, speaks and listens. No business words outside contracts/."""
