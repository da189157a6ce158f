"""obstore's clients of one bucket, and what their failures mean.

Only imported where an object store is configured: the library costs memory.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store

from file_service.errors import InsufficientStorage
from file_service.storage.bucket import Bucket
from shared.errors import Unavailable

if TYPE_CHECKING:  # these exist for type checkers alone
    from obstore.store import ClientConfig, RetryConfig

ObjectStore: TypeAlias = S3Store | GCSStore | AzureStore

_NO_ROOM = re.compile(r"status code: 507|InsufficientStorage|StorageFull|QuotaExceeded|InsufficientCapacity")
_UNBOUNDED = timedelta(days=1)  # a download takes as long as its reader does


class StoreFailure(Exception):
    """The first line of what the library says, which is all that a log needs."""


@dataclass(frozen=True, slots=True)
class Clients:
    """`asking` has each request, with its repetitions, done in time; `reading` each wait for bytes of an answer."""

    asking: ObjectStore
    reading: ObjectStore


def connect(bucket: Bucket) -> Clients:
    """Connects with the first request. Raises ValueError for options that make no sense."""
    timeout = timedelta(seconds=bucket.timeout)
    common: ClientConfig = {"allow_http": bucket.endpoint.startswith("http://"), "connect_timeout": timeout / 2}
    asking: ClientConfig = {**common, "timeout": timeout}
    reading: ClientConfig = {**common, "timeout": _UNBOUNDED, "read_timeout": timeout}
    return Clients(_store(bucket, asking), _store(bucket, reading))


def _store(bucket: Bucket, client: "ClientConfig") -> ObjectStore:
    """The library reads by itself what else the environment says, as the role of an instance."""
    retry: RetryConfig = {
        "max_retries": 3,
        "retry_timeout": timedelta(seconds=bucket.timeout),
        "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=1), "base": 2},
    }
    kinds: Mapping[str, Any] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    options = {name: value.reveal() for name, value in bucket.options.items()}
    if bucket.endpoint:
        options["endpoint"] = bucket.endpoint
    try:
        store: ObjectStore = kinds[bucket.address.kind](
            bucket.address.name,
            prefix=bucket.address.prefix or None,
            config=options,
            client_options=client,
            retry_config=retry,
        )
    except BaseError as exc:
        raise ValueError(_first_line(exc)) from None
    return store


@contextmanager
def failures() -> Iterator[None]:
    """Raise InsufficientStorage or Unavailable for whatever the library raises, but FileNotFoundError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError, ValueError) as exc:
        failure = StoreFailure(_first_line(exc))
        if _NO_ROOM.search(str(exc)):
            raise InsufficientStorage from failure
        raise Unavailable("The files can't be reached.") from failure


def _first_line(exc: Exception) -> str:
    return str(exc).partition("\n")[0]
