"""`python -m auth_service preview-mail FOLDER`: every mail in every language, as files to look at in a browser."""

import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path

from auth_service.mail.settings import PreviewSettings
from auth_service.mail.templates import BadTemplate, MailTemplates, example_orders
from shared.settings import load

_INDEX = """<!DOCTYPE html>
<meta charset="utf-8"><title>Mails</title><style>body {{ font: 16px/1.6 sans-serif; margin: 2rem; }}</style>
<h1>Mails</h1><table>{rows}</table>
"""
_ROW = '<tr><td>{subject}<td><a href="{name}.html">HTML</a><td><a href="{name}.txt">text</a>'


def preview_mail(argv: Sequence[str]) -> int:
    """Write them into the folder; return the exit status. Settings count as they do in service."""
    folder = Path(argv[0] if argv else ".colonnade/mail-preview")
    settings = load(PreviewSettings)
    templates = MailTemplates(settings.public_url, settings.templates, settings.site_name)
    rows = []
    try:
        for order in example_orders():
            written = templates.write(order)
            name = f"{order.language}-{order.template}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.html").write_text(written.html, encoding="utf-8")
            (folder / f"{name}.txt").write_text(f"Subject: {written.subject}\n\n{written.text}", encoding="utf-8")
            rows.append(_ROW.format(subject=escape(written.subject), name=name))
        (folder / "index.html").write_text(_INDEX.format(rows="".join(rows)), encoding="utf-8")
    except (BadTemplate, OSError) as exc:
        print(f"preview-mail: {exc}", file=sys.stderr)  # noqa: T201  a person asked
        return 1
    print(f"{len(rows)} mails: {(folder / 'index.html').absolute()}")  # noqa: T201  as above
    return 0
