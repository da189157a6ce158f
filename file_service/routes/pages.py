"""The table of pages, beside that of the API's routes. The gateway leads to sign in whoever isn't."""

from file_service.handlers.pages import avatar, drop, files, one_file, shared_file, shares, upload_links
from shared.web.pages.navigation import HOME, NAVIGATION
from shared.web.pages.page import Frame
from shared.web.pages.table import form, page, upload_form
from shared.web.routes import Auth

_ONE, _LINKS = f"{files.PATH}/{{file_id}}", upload_links.PATH
_SHARED_PATH, _DROP_PATH = "/s/{token}", "/drop/{token}"

_FILES = page(files.PATH, files.show_files, signed_in=True, auth=Auth.SESSION)
_AVATAR = page(avatar.PATH, avatar.show_avatar, signed_in=True, auth=Auth.SESSION)
_UPLOAD_LINKS = page(_LINKS, upload_links.show_upload_links, signed_in=True, auth=Auth.SESSION)
_FILE = page(_ONE, one_file.show_file, signed_in=True, auth=Auth.SESSION)
_SHARED = page(_SHARED_PATH, shared_file.show_shared)
_DROP = page(_DROP_PATH, drop.show_drop)

# Which field an error is about that names none.
_PASSWORD = dict.fromkeys(("share_password_required", "short_share_password", "wrong_share_password"), "password")

PAGES = (
    _FILES,
    upload_form(files.PATH, files.upload_on_page, on=_FILES),
    _AVATAR,
    upload_form(avatar.PATH, avatar.upload_avatar, on=_AVATAR),
    _UPLOAD_LINKS,
    form(_LINKS, upload_links.make_upload_link_on_page, on=_UPLOAD_LINKS),
    form(f"{_LINKS}/{{link_id}}/revoke", upload_links.revoke_upload_link_on_page, on=_UPLOAD_LINKS),
    _FILE,
    form(f"{_ONE}/name", one_file.rename_on_page, on=_FILE),
    form(f"{_ONE}/publication", one_file.publish_on_page, on=_FILE),
    form(f"{_ONE}/delete", one_file.delete_on_page, on=_FILE),
    form(f"{_ONE}/shares", shares.share_on_page, on=_FILE, faults=_PASSWORD),
    form(f"{_ONE}/shares/{{share_id}}/revoke", shares.revoke_share_on_page, on=_FILE),
    _SHARED,
    form(_SHARED_PATH, shared_file.download_shared, on=_SHARED, faults=_PASSWORD),
    _DROP,
    upload_form(_DROP_PATH, drop.drop_on_page, on=_DROP),
)

FRAME = Frame(
    sign_in="/account/sign-in",
    home=HOME,
    sign_out_page="/account/sign-out",
    navigation=NAVIGATION,
)
