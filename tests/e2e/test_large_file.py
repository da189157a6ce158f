"""A file that is larger than every buffer on its way, in and out through the gateway."""

import io
import os

from tests.e2e.visitor import Visitor


async def test_a_large_file_comes_back_whole_and_in_part(ada: Visitor) -> None:
    content = os.urandom(20_000_000)
    stored = await ada.call("POST", "/v1/files", data=io.BytesIO(content))
    assert stored.status == 201
    path = f"/v1/files/{stored.json()['id']}/content"
    assert (await ada.call("GET", path)).body == content
    part = await ada.call("GET", path, headers={"Range": "bytes=1000000-18999999"})
    assert (part.status, part.body) == (206, content[1_000_000:19_000_000])
