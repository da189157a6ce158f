"""Tells user_service of deleted avatars, one job each, so that no profile goes on naming one."""

from dataclasses import dataclass

from file_service.repository.avatars import AVATAR_GONE, named_in
from shared.events.client import InternalClient
from shared.jobs.model import Job, Kind


@dataclass(frozen=True, slots=True)
class TellingOfAvatars:
    users: InternalClient

    async def tell(self, job: Job) -> None:
        """Do the job; telling it twice changes nothing. Raises Unavailable."""
        owner_id, file_id = named_in(job.payload)
        await self.users.post("/internal/avatars/gone", {"owner_id": owner_id, "file_id": file_id})


def telling_of_avatars(users: InternalClient) -> dict[str, Kind]:
    return {AVATAR_GONE: Kind(TellingOfAvatars(users).tell)}
