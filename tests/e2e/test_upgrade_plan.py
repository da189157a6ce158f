"""`make upgrade-plan`, beside a running stack."""

import json

from tests.e2e.stack import Stack, command


def test_plan_of_a_stack_that_is_up_to_date_is_empty(stack: Stack) -> None:
    done = command("upgrade-plan-json", stack.state, PORT=str(stack.port))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["verdict"], [len(each["migrations"]) for each in told["schemas"]]) == ("nothing", [0, 0, 0])
    assert "auth.account" in told["schemas"][0]["tables"]


def test_plan_needs_a_stack(stack: Stack) -> None:
    done = command("upgrade-plan", stack.state / "elsewhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no stack in" in done.stderr
