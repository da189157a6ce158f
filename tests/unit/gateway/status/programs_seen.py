"""Programs as a watch would have seen them, for tests: with what a well one tells, unless it is said otherwise."""

from gateway.status.reading import Reading, read_text
from gateway.status.watch import Program

_GATEWAY = """
build_info{service="gateway",version="1.2.3",python="3.11"} 1
gateway_valkey_up 1
gateway_cache_up 1
gateway_revocation_feed_connected 1
gateway_revocation_feed_silence_seconds 3
gateway_routes_in_force 1
gateway_upstream_instance_up{upstream="user_service",instance="a:1"} 1
"""
_FILES = """
build_info{service="file_service",version="1.2.3",python="3.11"} 1
database_up 1
file_storage_size_bytes{disk="files"} 1000
file_storage_free_bytes{disk="files"} 500
jobs{kind="scan",state="failed"} 0
jobs{kind="scan",state="waiting"} 0
jobs_resting{kind="scan"} 0
event_lag_seconds{feed="auth_service"} 0.1
"""


def gateway(*lines: str, **facts: object) -> Program:
    return _program("gateway", _GATEWAY, lines, facts)


def file_service(*lines: str, **facts: object) -> Program:
    """`lines` take the place of those that tell the same metric."""
    return _program("file_service", _FILES, lines, facts)


def reading(at: float, *lines: str) -> Reading:
    return Reading(at, read_text("\n".join(lines)))


def _program(name: str, well: str, lines: tuple[str, ...], facts: dict[str, object]) -> Program:
    told = {line.rpartition(" ")[0]: line for line in (*well.strip().splitlines(), *lines)}
    return Program(name, "http://127.0.0.1:1", reading=reading(100.0, *told.values()), **facts)  # type: ignore[arg-type]
