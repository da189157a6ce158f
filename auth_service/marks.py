"""MACs that stand for an address or a device where the database must recognise one and need not know it."""

from auth_service.domain.attempts import STRANGERS, Counter
from auth_service.domain.devices import Device
from auth_service.secret_keys import derive_key, mac
from shared.settings import Secret


class Marks:
    """Made with the newest key alone: changing it forgets all devices and counters, which harms nobody for long."""

    def __init__(self, key: Secret) -> None:
        self._subject_key = derive_key(key, "attempt subject")
        self._mail_key = derive_key(key, "mail subject")
        self._device_key = derive_key(key, "device fingerprint")

    def fingerprint(self, device: Device) -> bytes:
        return mac(self._device_key, f"{device.address_prefix}\n{device.user_agent}".encode())

    def mail_subject(self, email_key: str) -> bytes:
        """Return what the mails to an address are counted by."""
        return mac(self._mail_key, email_key.encode())

    def counter(self, email_key: str, device: Device, *, known: bool) -> Counter:
        """Return the counter for attempts on the address from `device`.

        A known device has one of its own: strangers who use theirs up don't keep the owner out.
        """
        bucket = self.fingerprint(device) if known else STRANGERS
        return Counter(mac(self._subject_key, email_key.encode()), bucket)
