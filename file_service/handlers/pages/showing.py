"""Which files browsers show where a share's link leads, if its owner allows it."""

from file_service.delivery.manner import Manner
from file_service.domain.kinds import Kind, kind_of
from file_service.sharing.places import Places

_SHOWING = Manner(inline=True)
_PLAYED = (Kind.AUDIO, Kind.VIDEO)


def can_be_shown(content_type: str) -> bool:
    return _SHOWING.shows(content_type)


def can_answer_a_form(content_type: str, places: Places) -> bool:
    """Tell whether it is shown where it is the answer to a form, as it is for one download or with a password.

    For a film or recording browsers ask again, by GET, which leads to the form. Where bytes have a host of their own,
    nothing is shown at this one.
    """
    return can_be_shown(content_type) and kind_of(content_type) not in _PLAYED and not places.content_url
