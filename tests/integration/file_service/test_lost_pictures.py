"""Pictures whose row is there and whose bytes aren't: they can be made again."""

from uuid import UUID

import pytest

from file_service.repository.renditions import Rendition, RenditionRepository
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.test_pictures import renditions, shown
from tests.unit.file_service.headers.in_memory import picture


async def test_picture_whose_bytes_are_lost_is_made_again(service: RunningService, ada: Person) -> None:
    view = await ada.upload(picture("PNG"))
    of_file = set(service.blobs())
    first = await shown(ada, view["id"])
    (lost,) = set(service.blobs()) - of_file
    lost.unlink()

    for _ in range(2):
        assert (await shown(ada, view["id"])).tobytes() == first.tobytes()

    assert await renditions(service) == 1
    await service.settled(blobs=2)


async def test_picture_that_is_given_up_while_it_is_asked_for_is_made_again(
    service: RunningService, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another size takes its place between the look at its row and the look at its bytes."""
    view = await ada.upload(picture("PNG"))
    first = await shown(ada, view["id"])
    find = RenditionRepository.find

    async def overtaken(self: RenditionRepository, file_id: UUID, specification: str) -> Rendition | None:
        found = await find(self, file_id, specification)
        monkeypatch.undo()
        await service.fetch("delete from files.rendition")
        await service.settled(blobs=1)
        return found

    monkeypatch.setattr(RenditionRepository, "find", overtaken)
    assert (await shown(ada, view["id"])).tobytes() == first.tobytes()
    assert await renditions(service) == 1


async def test_picture_whose_file_is_lost_too_is_our_failure(service: RunningService, ada: Person) -> None:
    view = await ada.upload(picture("PNG"))
    await shown(ada, view["id"])
    for blob in service.blobs():
        blob.unlink()

    answer = await ada.get(f"/v1/files/{view['id']}/picture")

    assert (answer.status, (await answer.json())["code"]) == (500, "internal_error")
