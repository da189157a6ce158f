"""All drills, in the order in which they are played."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.chaos.drills import programs, stores
from tests.chaos.scene import Scene


@dataclass(frozen=True, slots=True)
class Drill:
    name: str
    fault: str
    play: Callable[[Scene], Awaitable[None]]


DRILLS = (
    Drill("R1", "each program restarted in turn", programs.restart_all),
    Drill("R3", "a gateway killed", programs.kill_gateway),
    Drill("R4", "both auth_services killed", programs.lose_auth_service),
    Drill("R5", "PostgreSQL killed", stores.kill_postgres),
    Drill("R6", "PostgreSQL held still", stores.hold_postgres),
    Drill("R7", "Valkey killed", stores.kill_valkey),
    Drill("R8", "Valkey held still", stores.hold_valkey),
    Drill("R9", "Valkey flushed", stores.flush_valkey),
)
