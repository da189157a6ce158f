import asyncio
import os
import shlex
import stat
from pathlib import Path

import asyncpg
import pytest

from tests.e2e.stack import PROCESSES, PROGRAMS, Stack, command, free_port, running_stack, state_folder
from tests.e2e.visitor import Visitor
from tests.waiting import eventually


async def test_welcome_says_what_can_be_pasted(stack: Stack) -> None:
    line = next(line for line in stack.welcome.splitlines() if " curl " in line)
    _, url, _, header, _, body = shlex.split(line.partition("First visit")[2])
    name, _, value = header.partition(": ")
    async with Visitor.at(stack.url) as person:
        assert url.startswith(stack.url)
        reply = await person.call("POST", url.removeprefix(stack.url), data=body, headers={name: value})
        assert reply.status == 201


def test_all_six_processes_run_in_sessions_of_their_own(stack: Stack) -> None:
    sessions = {name: os.getsid(pid) for name, pid in stack.pids.items()}
    assert set(sessions) == set(PROCESSES)
    assert len({*sessions.values(), os.getsid(stack.launcher.pid)}) == len(PROCESSES) + 1


def test_secrets_are_for_their_owner_alone(stack: Stack) -> None:
    folder = stack.state / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(modes, 0o600)
    assert {"postgres", "auth_owner", "auth_runtime", "valkey", "password_pepper", "gateway.pem", "trust.json"} <= set(
        modes
    )


def test_secrets_show_in_no_command_line_no_environment_and_no_log(stack: Stack) -> None:
    secrets = [path.read_bytes().strip() for path in (stack.state / "secrets").iterdir() if path.suffix != ".json"]
    pids = (stack.launcher.pid, *stack.pids.values())
    told = [Path(f"/proc/{pid}/{name}").read_bytes() for pid in pids for name in ("cmdline", "environ")]
    logs = [path.read_bytes() for path in (stack.state / "logs").iterdir()]
    assert not any(secret in text for secret in secrets for text in (*told, *logs))


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_dumps_no_core_and_writes_nothing_for_others(stack: Stack, program: str) -> None:
    """A core has every secret in it that the process knew."""
    process = Path(f"/proc/{stack.pids[program]}")
    [core] = [line for line in (process / "limits").read_text().splitlines() if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]
    assert "Umask:\t0027" in (process / "status").read_text()
    log = stack.state / "logs" / f"{program}.log"
    assert stat.S_IMODE(log.stat().st_mode) & 0o027 == 0


def test_stores_listen_on_unix_sockets_alone(stack: Stack) -> None:
    for name in ("postgres", "valkey"):
        held = {str(link.readlink()) for link in Path(f"/proc/{stack.pids[name]}/fd").iterdir()}
        lines = [line for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
        assert not [line for line in lines if f"socket:[{line.split()[9]}]" in held]


def test_logs_are_for_those_who_the_inventory_says(stack: Stack) -> None:
    """As docs/logs.md says: a program's own log is for its group, too, and what the launcher keeps for its user."""
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (stack.state / "logs").iterdir()}
    own = {f"{program}.log" for program in PROGRAMS}
    assert own | {"gateway.err", "migrate.log", "postgres.log"} <= modes.keys()
    assert modes == {name: "0o640" if name in own else "0o600" for name in modes}


def test_postgres_is_not_run_by_root(stack: Stack) -> None:
    assert Path(f"/proc/{stack.pids['postgres']}").stat().st_uid != 0


async def test_what_postgres_has_acknowledged_is_on_the_disk(stack: Stack) -> None:
    password = (stack.state / "secrets" / "postgres").read_text()
    folder = str(stack.state / "run" / "postgres")
    connection = await asyncpg.connect(user="postgres", password=password, host=folder, database="colonnade")
    settings = ("fsync", "synchronous_commit", "full_page_writes")
    assert [await connection.fetchval("select current_setting($1)", name) for name in settings] == ["on"] * 3
    await connection.close()


async def test_database_wants_a_password(stack: Stack) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(user="postgres", password="wrong", host=str(stack.state / "run" / "postgres"))


async def test_memory_of_everything_at_rest_is_under_200_megabytes() -> None:
    """After a visit: pools let go of what traffic has opened, and so do PostgreSQL's processes, within a minute.

    In a stack of its own: what others have used of the one that they share (the cache of public files, with redis-py,
    and the makers of pictures) is as much as their order wants.
    """
    with state_folder() as state, running_stack(state) as own:

        async def is_small() -> bool:
            done = await asyncio.to_thread(command, "memory", own.state)
            assert done.returncode == 0
            assert "s after its start" in done.stdout
            total = next(line for line in done.stdout.splitlines() if line.startswith("all"))
            return float(total.split()[-2]) < 200

        async with Visitor.at(own.url) as visitor:
            assert (await visitor.register("ada@example.org")).status == 201
            assert (await visitor.call("GET", "/v1/users/me")).status == 200
            assert (await visitor.call("POST", "/v1/files?name=notes", data=b"notes")).status == 201
            assert (await visitor.call("GET", "/v1/files")).status == 200
        await eventually(is_small, within=100)


def test_migrating_beside_the_running_stack_changes_nothing(stack: Stack) -> None:
    before = stack.pids
    done = command("migrate", stack.state)
    assert (done.returncode, done.stdout) == (0, "All schemas are up to date.\n")
    assert stack.pids == before


async def test_what_was_made_is_there_after_a_restart() -> None:
    with state_folder() as state:
        with running_stack(state) as stack:
            async with Visitor.at(stack.url) as first:
                assert (await first.register("ada@example.org")).status == 201
            assert stack.stop() == 0
        _refuses_without(state, "password_pepper")
        with running_stack(state) as stack:
            async with Visitor.at(stack.url) as again:
                again.email = "ada@example.org"
                assert (await again.login()).status == 200
                assert (await again.call("GET", "/v1/users/me")).status == 200


def _refuses_without(state: Path, secret: str) -> None:
    """A new one in its place would make every password a wrong one. No command makes it, or a database of its own."""
    (state / "secrets" / secret).rename(state / secret)
    for verb in ("run", "migrate", "upgrade-plan"):
        done = command(verb, state, PORT=str(free_port()))
        assert (done.returncode, done.stdout) == (1, "")
        assert f"Missing in {state}/secrets: {secret}. " in done.stderr
    (state / secret).rename(state / "secrets" / secret)


async def test_migrating_alone_starts_and_stops_a_database() -> None:
    with state_folder() as state:
        assert command("migrate", state).returncode == 0
        assert not (state / "postgres" / "postmaster.pid").exists()


@pytest.mark.parametrize("name", ["long" * 30, "a folder, 'so' %41 & ü"], ids=["too long for a socket", "odd"])
async def test_path_of_the_state_is_no_obstacle(name: str) -> None:
    with state_folder(name) as state, running_stack(state) as stack:
        assert await stack.ready()
