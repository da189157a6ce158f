"""Many clients, tabs, lost answers, a thief, logouts and failures in any order, over two replicas and PostgreSQL.

A1 to A5, R15: no honest client is ever logged out but for a reason that its history gives; what is over stays over; a
family has one live leaf; a thief is found at the next refresh after the owner's. `--histories 1000` goes deeper, each
time by other ways, and shortens what it finds.
"""

import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.auth_service.clients import Replicas
from tests.integration.auth_service.people import Gateway
from tests.integration.auth_service.session_machine import SessionMachine
from tests.stores import DatabaseUrls

SECONDS = 15.0
_ROUNDS, _FEW = 5, 5  # the same every time, where the machine is fast enough; to shorten what fails would take minutes
_BOUNDS = settings(stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))


def test_histories_hold(auth_database: DatabaseUrls, gateway: Gateway, request: pytest.FixtureRequest) -> None:
    histories = request.config.getoption("--histories")
    replicas = Replicas(auth_database, gateway)

    class Machine(SessionMachine):
        pass

    Machine.replicas = replicas
    try:
        if histories:
            bounds = settings(_BOUNDS, max_examples=histories, derandomize=False, phases=(Phase.generate, Phase.shrink))
            run_state_machine_as_test(Machine, settings=bounds)
        else:
            _try_some(Machine)
    finally:
        replicas.close()


def _try_some(machine: type[SessionMachine]) -> None:
    bounds = settings(_BOUNDS, max_examples=_FEW, derandomize=False, database=None, phases=(Phase.generate,))
    end = time.monotonic() + SECONDS
    for number in range(_ROUNDS):
        if time.monotonic() < end:
            run_state_machine_as_test(seed(number)(machine), settings=bounds)
