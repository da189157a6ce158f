"""Who has to have a second factor: what an operator asks of people beside their first."""

from collections.abc import Iterable
from enum import StrEnum

from auth_service.domain.roles import ADMINISTRATOR
from auth_service.domain.standing import TWO_FACTORS, Standing


class Requirement(StrEnum):
    """Whom nobody is let in as by one factor alone. The values are those of AUTH_SECOND_FACTOR."""

    OPTIONAL = "optional"
    ADMINISTRATORS = "administrators"
    REQUIRED = "required"

    def asks(self, roles: Iterable[str]) -> bool:
        """Tell whether somebody of these roles has to have a second factor."""
        return self is Requirement.REQUIRED or (self is Requirement.ADMINISTRATORS and ADMINISTRATOR in roles)

    def is_unmet(self, standing: Standing) -> bool:
        """Tell whether a session must not go on, as one factor alone was proved in it."""
        return self.asks(standing.roles) and standing.acr != TWO_FACTORS
