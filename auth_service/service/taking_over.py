"""An account whose address nobody had verified may have been made by anybody.

Whoever is first to show that they receive its mail gets it without what its maker has left behind to come back by.
"""

from uuid import UUID

from auth_service.domain.one_time_tokens import Purpose
from auth_service.domain.sessions import EndReason
from auth_service.repository.addresses import AddressRepository
from auth_service.repository.factors import FactorRepository
from auth_service.repository.identities import IdentityRepository
from auth_service.repository.one_time_tokens import OneTimeTokenRepository
from auth_service.repository.sessions import Ending
from auth_service.service.api_keys import revoke_api_keys
from auth_service.service.ending import end_sessions
from shared.db import Connection
from shared.events.publish import NewEvent


async def take_over(connection: Connection, user_id: UUID, reason: EndReason) -> list[NewEvent]:
    """Void the password and a change of address that is under way, take away factors and linked identities, end
    sessions and API keys; return what to publish.
    """
    await AddressRepository(connection).set_password(user_id, None)
    await OneTimeTokenRepository(connection).delete(user_id, Purpose.EMAIL_CHANGE)
    await FactorRepository(connection).remove_all(user_id)
    await IdentityRepository(connection).delete_all(user_id)
    events = await end_sessions(connection, Ending(user_id, reason))
    return events + await revoke_api_keys(connection, user_id)
