import asyncio
from pathlib import Path

from tests.integration.gateway.test_program import process, status_of, up, variables

REQUESTS = 600  # whose lines are more than a pipe holds


async def test_log_that_nobody_reads_holds_up_no_request(tmp_path: Path, valkey_url: str) -> None:
    """R14: the pipe of standard output is full, and everybody is answered all the same."""
    environ = variables(tmp_path, valkey_url)
    async with process(environ) as running:  # its output is a pipe, which is read at the end only
        await up(environ)
        async with asyncio.timeout(60):
            for _ in range(REQUESTS):
                assert (await status_of(environ["PORT"], "/"))[0] == 200
        running.terminate()
        assert running.stdout is not None
        written = len(await running.stdout.read())
    assert written >= 65_536, "the pipe was full for the test to mean something"
