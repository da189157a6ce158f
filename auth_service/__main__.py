"""`python -m auth_service` serves; `migrate` updates the schema, `preview-mail FOLDER` shows what mails say."""

import os
import sys
from collections.abc import Sequence

from auth_service.app import MIGRATIONS, SCHEMA, open_service
from auth_service.mail.preview import preview_mail
from auth_service.settings import Settings
from shared.program import run_service


def main(argv: Sequence[str]) -> int:
    if argv[:1] == ["preview-mail"]:
        return preview_mail(argv[1:], os.environ)
    return run_service(argv, Settings, open_service, SCHEMA, MIGRATIONS)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
