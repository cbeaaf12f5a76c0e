"""A service as data, and what it is made of while it runs."""
