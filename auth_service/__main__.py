"""`python -m auth_service` serves. `migrate` brings the schema up to date, `rotate-keys` changes the signing key,
`admin EMAIL` makes an administrator, `import FILE` takes over accounts of another system, `preview-mail FOLDER` shows
what mails say.
"""

import sys
from collections.abc import Sequence

from auth_service.app import MIGRATIONS, SCHEMA, open_service
from auth_service.import_command import import_users
from auth_service.mail.preview import preview_mail
from auth_service.make_admin import make_admin
from auth_service.rotate_keys import rotate_keys
from auth_service.settings import Settings
from shared.program import run_service


def main(argv: Sequence[str]) -> int:
    if argv[:1] == ["rotate-keys"]:
        return rotate_keys(argv[1:])
    if argv[:1] == ["admin"]:
        return make_admin(argv[1:])
    if argv[:1] == ["import"]:
        return import_users(argv[1:])
    if argv[:1] == ["preview-mail"]:
        return preview_mail(argv[1:])
    return run_service(argv, Settings, open_service, SCHEMA, MIGRATIONS)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
