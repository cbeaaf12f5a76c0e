"""The operator's view: what every service is behind with, and whether that is as it should be."""
