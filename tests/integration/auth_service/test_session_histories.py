"""Many clients, tabs, lost answers, a thief, logouts and failures in any order, over two replicas and PostgreSQL.

A1 to A5, R15: no honest client is ever logged out but for a reason that its history gives; what is over stays over; a
family has one live leaf; a thief is found at the next refresh after the owner's. `--histories 1000` goes deeper.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.auth_service.clients import Replicas
from tests.integration.auth_service.people import Gateway
from tests.integration.auth_service.session_machine import SessionMachine
from tests.stores import DatabaseUrls


def test_histories_hold(auth_database: DatabaseUrls, gateway: Gateway, request: pytest.FixtureRequest) -> None:
    replicas = Replicas(auth_database, gateway)
    histories = request.config.getoption("--histories")
    bounds = settings(
        max_examples=histories, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )

    class Machine(SessionMachine):
        pass

    Machine.replicas = replicas
    try:
        run_state_machine_as_test(Machine, settings=bounds)
    finally:
        replicas.close()
