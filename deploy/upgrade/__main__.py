"""`python -m deploy.upgrade plan [SERVICE] [--json]`: what an upgrade to this release does to the database.

The status is 0 where it can run beside the release that serves, 3 where that has to be stopped, and 1 if it couldn't be
told. The embedded stack has `make upgrade-plan`.
"""

import sys

from deploy.roles import SCHEMAS
from deploy.upgrade.commands import Where, show
from deploy.upgrade.settings import InstallationSettings, ServiceSettings
from shared.settings import load

_USAGE = f"usage: python -m deploy.upgrade plan [{'|'.join(SCHEMAS)}] [--json]"


def main(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    match [argument for argument in arguments if argument != "--json"]:
        case ["plan"]:
            told = load(InstallationSettings)
            urls = dict.fromkeys(SCHEMAS, told.admin_url.reveal())
            return show(Where(urls, told.scratch_url.reveal(), told.database), as_json=as_json)
        case ["plan", service] if service in SCHEMAS:
            only = load(ServiceSettings)
            return show(Where({service: only.owner_url.reveal()}, only.scratch_url.reveal()), as_json=as_json)
        case _:
            print(_USAGE, file=sys.stderr)
            return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
