"""The embedded stack as people get it, with limits and quotas out of the way."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.auth.stack import accounts
from bench.files.transfer import Client
from tests.e2e.stack import Stack

MEASURED = ("gateway", "file_service", "postgres")
_QUOTA = 1 << 50


@dataclass(frozen=True, slots=True)
class Files:
    """`tokens` are access tokens, one for each person."""

    stack: Stack
    tokens: Sequence[str]

    def client(self) -> Client:
        return Client(self.stack.port, self.tokens[0])

    def pids(self) -> list[int]:
        return [self.stack.pid(name) for name in MEASURED]


@contextmanager
def files() -> Iterator[Files]:
    """Run the stack until the block ends."""
    with accounts(4, FILE_QUOTA_BYTES=str(_QUOTA)) as ours:
        yield Files(ours.stack, [answer["access_token"] for answer in ours.tokens])
