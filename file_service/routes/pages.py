"""The table of pages, beside that of the API's routes. The gateway leads to sign in whoever isn't."""

from file_service.handlers.pages import files, one_file
from shared.web.pages.page import Frame, Link
from shared.web.pages.table import form, page, upload_form
from shared.web.routes import Auth

_ONE = f"{files.PATH}/{{file_id}}"

_FILES = page(files.PATH, files.show_files, signed_in=True, auth=Auth.SESSION)
_FILE = page(_ONE, one_file.show_file, signed_in=True, auth=Auth.SESSION)

PAGES = (
    _FILES,
    upload_form(files.PATH, files.upload_on_page, on=_FILES),
    _FILE,
    form(f"{_ONE}/delete", one_file.delete_on_page, on=_FILE),
)

FRAME = Frame(
    sign_in="/account/sign-in",
    home="/account",
    navigation=(Link(files.PATH, "Files"), Link("/account", "Your account")),
)
