"""Each release on the schema of the other."""

from functools import partial

from deploy.upgrade.plan import ROOT
from deploy.upgrade.previous import previous_release
from shared.migration_files import expected_version
from tests.e2e.stack import state_folder
from tests.replicated.replica import Replica, Source
from tests.replicated.stack import SERVICES, Options, ReplicatedStack, replicated
from tests.upgrade.columns import serving, unreadiness
from tests.upgrade.visit import visit
from tests.waiting import eventually

EXPECTED = {service: expected_version(ROOT / service / "migrations") for service in SERVICES}
BEHIND = [service for service in SERVICES if previous_release().schemas[service] < EXPECTED[service]]
NAMES = {"auth_service": "auth", "user_service": "users", "file_service": "files"}


async def test_releases_serve_on_each_others_schema_or_say_why_not(previous: Source) -> None:
    """This one waits for its migrations and needs no restart after them; the one before goes on, and starts anew."""
    with state_folder() as folder:
        async with replicated(folder, Options(source=previous)) as stack:
            newer = await _start_newer(stack)
            for replica in newer:
                await eventually(partial(_says_why_not, replica))
            await visit(stack.url)

            await stack.migrate(Source())
            await eventually(stack.all_ready)
            for service in SERVICES:
                await stack.replica(service, 2).end()
            await visit(stack.url)

            for service in SERVICES:
                await stack.replica(service, 1).restart()
            await visit(stack.url)


async def _start_newer(stack: ReplicatedStack) -> list[Replica]:
    """Replace the second replica of each service that has migrations to wait for."""
    replicas = [stack.replica(service, 2) for service in BEHIND]
    for replica in replicas:
        await replica.end()
        replica.use(Source())
        replica.start()
        await eventually(partial(serving, replica))
    return replicas


async def _says_why_not(replica: Replica) -> bool:
    service = replica.program
    had, needs = previous_release().schemas[service], EXPECTED[service]
    return f"schema {NAMES[service]} has version {had}, and version {needs} is needed" in await unreadiness(replica)
