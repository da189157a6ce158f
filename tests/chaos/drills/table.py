"""All drills, in the order in which they are played."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.chaos.drills import changes, networks, programs, stops, stores, surroundings
from tests.chaos.scene import Scene


@dataclass(frozen=True, slots=True)
class Drill:
    name: str
    fault: str
    play: Callable[[Scene], Awaitable[None]]
    needs: str = ""  # "disks" or "faketime", which not every machine has


DRILLS = (
    Drill("R1", "each program restarted in turn", programs.restart_all),
    Drill("R2", "programs told to stop, once and twice", stops.stop_politely),
    Drill("R3", "a gateway killed", programs.kill_gateway),
    Drill("R4", "both auth_services killed", programs.lose_auth_service),
    Drill("R5", "PostgreSQL killed", stores.kill_postgres),
    Drill("R6", "PostgreSQL held still", stores.hold_postgres),
    Drill("R7", "Valkey killed", stores.kill_valkey),
    Drill("R8", "Valkey held still", stores.hold_valkey),
    Drill("R9", "Valkey flushed", stores.flush_valkey),
    Drill("R10", "services slow, reset, and silent", networks.spoil_networks),
    Drill("R12", "bad configuration", changes.spoil_configuration),
    Drill("R13", "a migration under load", changes.migrate_under_load),
    Drill("R14", "logs that nobody reads", changes.block_logs),
    Drill("F19", "the files' disk full", surroundings.fill_files, "disks"),
    Drill("FULL", "the database's and logs' disk full", surroundings.fill_data, "disks"),
    Drill("CLOCK", "clocks wrong by half a minute", surroundings.shift_clocks, "faketime"),
    Drill("TIME", "clocks wrong by five minutes", surroundings.shift_clocks_far, "faketime"),
)
