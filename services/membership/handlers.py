"""What membership does when something happens elsewhere: nothing yet."""

from shared.consuming.handlers import Handlers

on = Handlers("membership")
