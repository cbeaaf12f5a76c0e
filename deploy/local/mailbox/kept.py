"""Where mails are kept: one .eml file each, so that they outlive the process and open in any mail program."""

import secrets
import time
from collections.abc import Iterable
from pathlib import Path

from deploy.local.mailbox.mail import Mail


class Mailbox:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._mails = {file.stem: Mail(file) for file in sorted(folder.glob("*.eml"))}

    def __len__(self) -> int:
        return len(self._mails)

    def keep(self, content: bytes, sender: str, recipients: Iterable[str]) -> Mail:
        """Put on top what the envelope says, as every delivering server does: it alone knows who got a blind copy."""
        envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {one}" for one in recipients), ""]
        name = f"{time.time_ns()}-{secrets.token_hex(4)}"
        unfinished, file = self._folder / f"{name}.part", self._folder / f"{name}.eml"
        unfinished.write_bytes("\r\n".join(envelope).encode() + content)
        unfinished.rename(file)
        self._mails[name] = Mail(file)
        return self._mails[name]

    def newest_first(self, to: str = "", subject: str = "") -> list[Mail]:
        """All, or those to one address, or those whose subject contains some words; letters' case never matters."""
        return [
            mail
            for mail in reversed(self._mails.values())
            if (not to or to.lower() in mail.recipients)
            and (not subject or subject.lower() in mail.subject.lower())
        ]

    def get(self, mail_id: str) -> Mail | None:
        if mail_id == "latest":
            return next(iter(self.newest_first()), None)
        return self._mails.get(mail_id)

    def recipients(self) -> list[str]:
        return sorted({one for mail in self._mails.values() for one in mail.recipients})

    def empty(self) -> None:
        for name in list(self._mails):
            del self._mails[name]
            (self._folder / f"{name}.eml").unlink(missing_ok=True)
