"""What several tests share: services, parts, checks of the house, readers of metrics."""
