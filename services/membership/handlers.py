"""What membership does when something happens elsewhere: nothing yet."""

from shared.listener import Listener

on = Listener("membership")
