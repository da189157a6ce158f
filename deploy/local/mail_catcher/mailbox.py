"""The last mails that came, newest first."""

import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from typing import Any

_MOST = 200
_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Caught:
    number: int
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def subject(self) -> str:
        return str(self._message["Subject"] or "")

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def links(self) -> list[str]:
        return links_in(self.text)

    def told(self) -> dict[str, Any]:
        """Return what the page's JSON says of it."""
        return {
            "id": self.number,
            "at": self.at.isoformat(timespec="seconds"),
            "from": self.sender,
            "to": list(self.recipients),
            "subject": self.subject,
            "text": self.text,
            "links": self.links,
        }

    @property
    def _message(self) -> EmailMessage:
        message = message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)  # the policy makes no other
        return message

    def _part(self, kind: str) -> str:
        part = self._message.get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def links_in(text: str) -> list[str]:
    """Return the URLs, without what ends a sentence."""
    return [link.rstrip(".,;:!?)") for link in _LINK.findall(text)]


class Mailbox:
    def __init__(self) -> None:
        self._mails: deque[Caught] = deque(maxlen=_MOST)
        self._numbers = count(1)

    def add(self, sender: str, recipients: list[str], raw: bytes) -> None:
        self._mails.appendleft(Caught(next(self._numbers), datetime.now(UTC), sender, tuple(recipients), raw))

    def find(self, number: int) -> Caught | None:
        return next((mail for mail in self._mails if mail.number == number), None)

    def newest(self, recipient: str = "") -> list[Caught]:
        """Return the mails, or those to one address."""
        return [mail for mail in self._mails if not recipient or recipient in mail.recipients]
