"""The use cases of a profile's owner."""

from uuid import UUID

from shared.errors import INVALID_TOKEN, NotFound, PreconditionFailed, Unauthenticated, Unavailable
from shared.gathering import Gathering
from user_service.avatars import Avatars
from user_service.domain import Changes, Profile
from user_service.errors import InvalidAvatar
from user_service.repository import ProfileRepository


class Profiles:
    def __init__(self, repository: ProfileRepository, avatars: Avatars) -> None:
        self._repository = repository
        self._avatars = avatars
        self._profiles = Gathering(repository.find)

    async def own(self, user_id: UUID) -> Profile:
        """Return the profile of an asserted user, made on first use: a registration doesn't wait for this service.

        Raises Unauthenticated when the account was deleted: an assertion may outlive it for some seconds.
        """
        profile = await self._profiles.find(user_id) or await self._repository.add(user_id)
        if profile is None:
            raise _deleted()
        return profile

    async def find(self, user_id: UUID) -> Profile | None:
        """Return somebody's profile if there is one."""
        return await self._profiles.find(user_id)

    async def edit(self, user_id: UUID, changes: Changes, etags: list[str] | None) -> Profile:
        """Apply `changes`, if given only to a version that `etags` name; a first use makes the profile here too.

        Raises PreconditionFailed, Unauthenticated, or InvalidAvatar; Unavailable where files can't be asked about.
        """
        if isinstance(changes.avatar, UUID):
            await self._avatars.require(user_id, changes.avatar)
        edited = await self._repository.update(user_id, changes, etags)
        if edited is None:
            await self.own(user_id)
            edited = await self._repository.update(user_id, changes, etags)
        if edited is None:
            raise _deleted() if etags is None else PreconditionFailed("The profile isn't the one that If-Match names.")
        if isinstance(changes.avatar, UUID) and not await self._is_there_still(user_id, changes.avatar):
            return await self.own(user_id)
        return edited

    async def _is_there_still(self, user_id: UUID, avatar: UUID) -> bool:
        """Ask again once it is stored: that the file is deleted may have been told before, when nobody had it yet.

        Else the profile has no avatar. Raises Unavailable.
        """
        try:
            await self._avatars.require(user_id, avatar)
        except InvalidAvatar:
            await self._repository.drop_avatar(user_id, avatar)
            return False
        except Unavailable:
            await self._repository.drop_avatar(user_id, avatar)
            raise
        return True

    async def drop_avatar(self, user_id: UUID, file_id: UUID) -> None:
        """Let the profile have no avatar where it is this one."""
        await self._repository.drop_avatar(user_id, file_id)

    async def visible(self, user_id: UUID, viewer: UUID) -> Profile:
        """Return what `viewer` may see of somebody. Raises NotFound."""
        profile = await (self.own(viewer) if user_id == viewer else self._profiles.find(user_id))
        if profile is None or not profile.visible_to(viewer):
            raise NotFound("There is no such profile.")
        return profile


def _deleted() -> Unauthenticated:
    return Unauthenticated("This account was deleted.", headers=INVALID_TOKEN)
