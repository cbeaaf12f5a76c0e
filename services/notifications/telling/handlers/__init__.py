"""What telling does when something happens elsewhere, and as time passes."""

from services.notifications.telling.handlers import chores, notices, projections
from shared.consuming.handlers import Handlers

on = Handlers("notifications").include(projections.on, notices.on, chores.on)

__all__ = ["on"]
