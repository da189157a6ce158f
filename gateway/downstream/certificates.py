"""The certificate that clients are shown: read from two files, and read again when they change.

A new pair is made into a context of its own, which each handshake from then on is given; open connections notice
nothing. Loading it into the context in use would be shorter, but a pair that fails halfway would leave a certificate
there without its key.
"""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from prometheus_client import Counter, Gauge

from shared.logs import log

_Stamp = tuple[int, int, int, int] | None  # None while there is no file

# TLS 1.2's; those of 1.3 are all sound. Forward secrecy and authenticated encryption, or no connection.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"

_EXPIRY = Gauge(
    "gateway_tls_certificate_expiry_timestamp_seconds",
    "When the certificate in use ends, in seconds since 1970.",
)
_RELOADS = Counter("gateway_tls_reloads", "Attempts to take over a changed certificate.", ("outcome",))
_ACCEPTED, _REFUSED = _RELOADS.labels("accepted"), _RELOADS.labels("refused")


class CertificateError(ValueError):
    """The two files are no usable pair; says why."""


class Certificates:
    """`context` is the server's, for good; what it shows follows the files. Raises CertificateError at first."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate, self._key = certificate, key
        self._loaded = self._seen = self._stamps()
        self._current = self.context = self._read()
        self.context.sni_callback = self._show_current

    def has_changed(self) -> bool:
        """Whether a file is another than was last read, and still since the last call: they are written in turn."""
        before, self._seen = self._seen, self._stamps()
        return self._seen == before and self._seen != self._loaded

    async def reload(self) -> None:
        """Take over what the files hold now; a pair that can't be used changes nothing."""
        self._loaded = self._seen = self._stamps()  # before they are read: what comes later is a further change
        try:
            self._current = await asyncio.to_thread(self._read)
        except CertificateError as exc:
            _REFUSED.inc()
            log.error("certificate_refused", **{"event.reason": str(exc)})
            return
        _ACCEPTED.inc()
        log.info("certificate_reloaded", **{"file.path": str(self._certificate)})

    def _read(self) -> ssl.SSLContext:
        context = server_context(self._certificate, self._key)
        expiry = expiry_of(self._certificate)
        _EXPIRY.set(expiry.timestamp())
        if expiry <= datetime.now(UTC):
            log.warning(
                "certificate_expired",
                **{"file.path": str(self._certificate), "tls.server.not_after": expiry.isoformat()},
            )
        return context

    def _show_current(self, handshake: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        handshake.context = self._current

    def _stamps(self) -> tuple[_Stamp, _Stamp]:
        return _stamp(self._certificate), _stamp(self._key)


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a context for these PEM files: the chain, leaf first, and the leaf's key. Raises CertificateError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    try:
        key.read_bytes()  # OpenSSL doesn't say which of the two it can't read
        expiry_of(certificate)
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as exc:
        raise CertificateError(f"{certificate} and {key} are no usable pair: {exc}") from exc
    return context


def expiry_of(certificate: Path) -> datetime:
    """Raises OSError, or ValueError where the file holds no certificate."""
    return x509.load_pem_x509_certificates(certificate.read_bytes())[0].not_valid_after_utc


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def _stamp(path: Path) -> _Stamp:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino, stat.st_dev, stat.st_size
