"""Renders docs/problems.md: `python -m shared.web.problem_docs PACKAGE... > docs/problems.md`."""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterable, Sequence

from shared.errors import AppError

_HEAD = """\
# Problems

Every failure is told as RFC 9457 `application/problem+json`: `type`, `title`, `status`, `detail`, `instance`, and our
`code` and `request_id`; `errors` has JSON Pointers (or parameters' names) where there is a place to point at. A browser
that navigates gets the same as a page. Codes are permanent: decide by `code`, show `title` or `detail`, and quote
`request_id` when you ask for help. This page is made from the code by `make problems`.
"""


def known_errors(packages: Sequence[str]) -> list[type[AppError]]:
    """Import every module of `packages`, and return their errors and shared/'s by status and code."""
    for package in ("shared", *packages):
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not module.name.endswith(".__main__"):
                importlib.import_module(module.name)
    ours = ("shared", *packages)
    found = [error for error in AppError.registry.values() if error.__module__.split(".")[0] in ours]
    return sorted(found, key=lambda error: (error.status, error.code))


def render_page(errors: Iterable[type[AppError]]) -> str:
    """Return the page: a section for each status, a row for each code."""
    sections: dict[int, list[str]] = {}
    for error in errors:
        row = f"| `{error.code}` | {error.title} | {_owner(error)} | {_meaning(error)} |"
        sections.setdefault(error.status, []).append(row)
    return _HEAD + "".join(
        f"\n## {status}\n| code | title | from | more |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
        for status, rows in sections.items()
    )


def _owner(error: type[AppError]) -> str:
    package = error.__module__.split(".")[0]
    return "all" if package == "shared" else package


def _meaning(error: type[AppError]) -> str:
    return " ".join((inspect.cleandoc(error.__doc__) if error.__doc__ else "").split())


if __name__ == "__main__":
    sys.stdout.write(render_page(known_errors(sys.argv[1:])))
