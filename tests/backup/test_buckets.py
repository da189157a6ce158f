"""From a bucket into a folder and into another bucket: a backup knows nothing of where files lay."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backup.conftest import upload_many
from tests.e2e.backup_drill import backups, visiting
from tests.e2e.stack import running_stack, state_folder
from tests.e2e.visitor import Visitor
from tests.s3_server import S3Server, running_s3_server


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    with running_s3_server() as server:
        yield server


async def test_files_of_a_bucket_are_restored_into_a_folder_and_a_bucket(s3_server: S3Server, folder: Path) -> None:
    environ, elsewhere = s3_server.environ("files", "one"), s3_server.environ("files", "two")
    with state_folder() as state, running_stack(state, None, **environ) as source:
        async with Visitor.at(source.url) as owner:
            assert (await owner.register("owner@example.org")).status == 201
            contents = await upload_many(owner)
            made = backups("backup", state, str(folder / "to"), **environ)
            assert made.returncode == 0, made.stderr
            for name, into in (("in-folder", {}), ("in-bucket", elsewhere)):
                done = backups("restore", folder / name, str(folder / "to"), **into)
                assert done.returncode == 0, done.stderr
                with running_stack(folder / name, None, **into) as restored:
                    async with visiting(owner, restored) as visitor:
                        for file_id, digest in contents.items():
                            content = await visitor.call("GET", f"/v1/files/{file_id}/content")
                            assert hashlib.sha256(content.body).hexdigest() == digest
            refused = backups("restore", folder / "again", str(folder / "to"), **elsewhere)
            assert refused.returncode == 1
            assert "lie where those of the backup should" in refused.stderr
