"""The table of pages, beside that of the API's routes. The gateway leads to sign in whoever isn't."""

from shared.web.pages.navigation import HOME, NAVIGATION
from shared.web.pages.page import Frame
from shared.web.pages.table import form, page
from shared.web.routes import Auth
from user_service.pages.handlers import PATH, choose_picture, remove_picture, save_profile, show_profile

_PROFILE = page(PATH, show_profile, signed_in=True, auth=Auth.SESSION)

PAGES = (
    _PROFILE,
    form(PATH, save_profile, on=_PROFILE),
    form(f"{PATH}/picture", choose_picture, on=_PROFILE),
    form(f"{PATH}/picture/remove", remove_picture, on=_PROFILE),
)

FRAME = Frame(
    sign_in="/account/sign-in",
    home=HOME,
    sign_out_page="/account/sign-out",
    navigation=NAVIGATION,
)
