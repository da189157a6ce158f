"""Tokens as an attacker writes them: every part by hand, since no library makes them."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from tests.unit.gateway.authentication.issuing import Issuer, encoded, segment

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256's base point


class Forger:
    """Knows everything of the issuer but its key, unless `genuine` uses it to show that one thing alone is wrong."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def header(self, **changes: Any) -> dict[str, Any]:
        return {"alg": "ES256", "typ": "at+jwt", "kid": self._issuer.jwk["kid"]} | changes

    def numbers(self, signed: str) -> tuple[int, int]:
        """Return r and s of a genuine signature."""
        return decode_dss_signature(self._issuer.key.sign(signed.encode(), ec.ECDSA(SHA256())))

    def signed(self, **claims: Any) -> str:
        return f"{segment(self.header())}.{segment(self._issuer.claims(**claims))}"

    def with_numbers(self, r: int, s: int) -> str:
        """Return a token with this signature, whatever it is of."""
        return f"{self.signed()}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"

    def genuine(self, signed: str) -> str:
        """Sign whatever text is given, as the issuer would."""
        r, s = self.numbers(signed)
        return f"{signed}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"

    def of_payload(self, payload: str, header: str | None = None) -> str:
        """Return a token with a genuine signature over a payload (and header) that is text as it is."""
        head = segment(self.header()) if header is None else encoded(header.encode())
        return self.genuine(f"{head}.{encoded(payload.encode())}")

    def in_der(self) -> str:
        signed = self.signed()
        return f"{signed}.{encoded(self._issuer.key.sign(signed.encode(), ec.ECDSA(SHA256())))}"

    def by_curve(self, curve: ec.EllipticCurve) -> str:
        """Return a token that a key of another curve signed, under our key's id."""
        signed, size = self.signed(), (curve.key_size + 7) // 8
        r, s = decode_dss_signature(ec.generate_private_key(curve).sign(signed.encode(), ec.ECDSA(SHA384())))
        return f"{signed}.{encoded(r.to_bytes(size) + s.to_bytes(size))}"

    def nested(self) -> str:
        """Return a token whose payload is a good token."""
        return self.genuine(f"{segment(self.header(cty='JWT'))}.{encoded(self.genuine(self.signed()).encode())}")

    def repeated(self, name: str, value: object) -> str:
        """Return a token whose payload names a claim twice: parsers disagree on which one counts."""
        claims = json.dumps(self._issuer.claims())
        return self.of_payload(f"{claims[:-1]}, {json.dumps(name)}: {json.dumps(value)}}}")
