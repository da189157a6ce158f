"""Accounts of another system through the whole stack: imported by a command, they sign in, and have a profile."""

import json
from pathlib import Path

import aiohttp

from tests.e2e.stack import Stack, command
from tests.unit.auth_service.foreign_hashes import FOREIGN, PASSWORD

ROW = {"email": "imported@example.org", "password_hash": FOREIGN["werkzeug scrypt"]}


async def test_imported_person_signs_in_and_reads_their_profile(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "users.ndjson"
    file.write_text(json.dumps(ROW), "utf-8")
    done = command("import", stack.state, str(file))
    assert (done.returncode, done.stderr) == (0, "import: 1 created, 0 duplicate, 0 invalid\n"), done
    user_id = json.loads(done.stdout)["user_id"]
    async with aiohttp.ClientSession(stack.url) as session:
        credentials = {"email": ROW["email"], "password": PASSWORD}
        async with session.post("/v1/auth/login", json=credentials) as reply:
            signed_in = await reply.json()
            assert (reply.status, signed_in["user_id"]) == (200, user_id)
        bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
        async with session.get("/v1/users/me", headers=bearer) as reply:
            assert (reply.status, (await reply.json())["id"]) == (200, user_id)


async def test_file_that_isnt_there_is_told_and_nothing_else(stack: Stack) -> None:
    done = command("import", stack.state, "absent.ndjson")
    assert done.returncode == 1
    assert "can't be read" in done.stderr
    assert "Traceback" not in done.stderr
