"""`make upgrade-plan`: what an upgrade to this tree does to the embedded stack's database, whether or not it runs."""

from deploy.local.database import superuser_url
from deploy.local.errors import LaunchError
from deploy.local.running import ELSEWHERE
from deploy.local.settings import read_settings
from deploy.local.state import State
from deploy.roles import DATABASE, SCHEMAS
from deploy.upgrade.commands import Where, show


def plan() -> int:
    """Print the plan. Raises LaunchError where there is no stack."""
    return _plan(as_json=False)


def plan_json() -> int:
    return _plan(as_json=True)


def _plan(*, as_json: bool) -> int:
    state = State(read_settings().state)
    if not (state.root / "instance").is_file():
        raise LaunchError(f"There is no stack in {state.root}. {ELSEWHERE}")
    with superuser_url(state) as url:
        return show(Where(dict.fromkeys(SCHEMAS, url), url, DATABASE), as_json=as_json)
