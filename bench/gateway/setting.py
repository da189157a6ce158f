"""What all runs of one measurement share: the tokens, a folder for files, and the limit that nobody meets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.gateway.tokens import AUDIENCE, ISSUER, Tokens
from bench.processes import ROOT, free_port

LIMIT = 60_000  # requests per user and minute
TARGET = "/mine/profile"
BENCH = ROOT / ".bench"
_PEERS = Path(__file__).with_name("peers")
_PLACE = re.compile("@([A-Z]+)@")


@dataclass(frozen=True, slots=True)
class Setting:
    """`valkey` and `auth` are URLs."""

    tokens: Tokens
    folder: Path
    valkey: str
    valkey_pid: int
    auth: str

    def values(self, algorithm: str, port: int, upstream: int) -> dict[str, str]:
        """Return what a peer is told, by the names that its configuration uses."""
        return {
            "ALGORITHM": algorithm,
            "AUDIENCE": AUDIENCE,
            "FOLDER": str(self.folder),
            "ISSUER": ISSUER,
            "JWKS": self.tokens.jwks(algorithm),
            "KEY": self.tokens.public_pem if algorithm == "ES256" else self.tokens.secret,
            "LIMIT": str(LIMIT),
            "PEERS": str(_PEERS),
            "PORT": str(port),
            "PRIVATE_PORT": str(free_port()),
            "UPSTREAM": str(upstream),
        }

    def write(self, template: str, values: Mapping[str, str]) -> Path:
        """Fill in the places, such as @PORT@, of one of the peers' configurations, and return where it is."""
        path = self.folder / f"{values['PORT']}-{template}"
        path.write_text(_PLACE.sub(lambda place: values[place[1]], (_PEERS / template).read_text()))
        return path
