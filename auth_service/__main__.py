"""`python -m auth_service` serves; with the name of a command it does that instead.

`migrate` brings the schema up to date, `rotate-keys` changes the signing key, `admin EMAIL` makes an administrator,
`import FILE` takes over accounts of another system, and `preview-mail FOLDER` shows what mails say.
"""

import sys
from collections.abc import Callable, Mapping, Sequence

from auth_service.app import MIGRATIONS, SCHEMA, open_service
from auth_service.commands.import_users import import_users
from auth_service.commands.make_admin import make_admin
from auth_service.commands.rotate_keys import rotate_keys
from auth_service.mail.preview import preview_mail
from auth_service.settings import Settings
from shared.program import run_service

_COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "admin": make_admin,
    "import": import_users,
    "preview-mail": preview_mail,
    "rotate-keys": rotate_keys,
}


def main(argv: Sequence[str]) -> int:
    if argv and argv[0] in _COMMANDS:
        return _COMMANDS[argv[0]](argv[1:])
    return run_service(argv, Settings, open_service, SCHEMA, MIGRATIONS)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
