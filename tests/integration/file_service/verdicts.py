"""What the virus scanner has said of a file."""

from typing import Any

from tests.integration.file_service.running_service import Person
from tests.waiting import eventually


async def verdict(person: Person, file_id: str) -> dict[str, Any]:
    """Wait until there is one, and return the view."""

    async def look() -> dict[str, Any]:
        view: dict[str, Any] = await (await person.get(f"/v1/files/{file_id}")).json()
        return view if view["check"] != "pending" else {}

    return await eventually(look)
