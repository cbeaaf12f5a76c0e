"""Mail as a channel: composed as bytes, sent by SMTP."""

from services.notifications.delivery.mail.channel import Mail

__all__ = ["Mail"]
