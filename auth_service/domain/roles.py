"""What a person may be, beside a person: names that operators choose, and one of ours."""

import re
from collections.abc import Iterable

from auth_service.errors import InvalidRole
from shared.errors import Violation

ADMINISTRATOR = "admin"  # whoever has it is let through by routes for administrators
MOST_ROLES = 20  # of one account: they travel in every access token
_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def accept_roles(raw: Iterable[str]) -> tuple[str, ...]:
    """Return the roles in order, each once. Raises InvalidRole."""
    roles = list(raw)
    for index, role in enumerate(roles):
        if not _ROLE.fullmatch(role):
            rule = "must be small letters, digits and _ -, 32 at most, beginning with a letter"
            raise InvalidRole(f"A role {rule}.", errors=[Violation(f"/roles/{index}", rule)])
    return tuple(sorted(set(roles)))
