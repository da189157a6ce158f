"""Recognises HTML, SVG and XML by how a browser would come to run them: by their first element."""

import codecs
import re

HTML = "text/html"
SVG = "image/svg+xml"
XML = "application/xml"

_SKIPPED = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(r"<!doctype\s+(?P<root>[a-z][a-z0-9:._\-]*)[^\[>]*(\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_ELEMENT = re.compile(r"<(?:(?P<prefix>[a-z_][\w.\-]*):)?(?P<root>[a-z_][\w.\-]*)(?=[\s/>])", re.IGNORECASE)
# The WHATWG's list for sniffing (MIME Sniffing, 7.1), and other elements that load or run something.
_HTML_ELEMENT = re.compile(
    r"html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|link|meta|base|form|img|video|audio|input"
    r"|button|object|embed|details|template|math|frameset|noscript"
)


def markup_type(head: bytes) -> str | None:
    """Return the type of the markup that `head` begins with, or None when it begins with something else."""
    text = _text(head)
    is_xml = text.lstrip().startswith("<?xml")
    position = 0
    while match := _SKIPPED.match(text, position):
        position = match.end()
    rest = text[position:]
    doctype = _DOCTYPE.match(rest)
    if doctype is not None:
        root = doctype["root"].lower()
        return HTML if root == "html" else SVG if _local(root) == "svg" else XML
    return _by_element(rest, is_xml=is_xml)


def _by_element(rest: str, *, is_xml: bool) -> str | None:
    if rest.startswith(("<!--", "<!DOCTYPE", "<!doctype")):  # it goes on behind what we look at
        return XML if is_xml else HTML
    element = _ELEMENT.match(rest)
    if element is None:
        return XML if is_xml else None
    root = element["root"].lower()
    if root == "svg":
        return SVG
    if _HTML_ELEMENT.fullmatch(root) and (not is_xml or root == "html"):
        return HTML
    return XML if is_xml or "xmlns" in rest[: rest.find(">") + 1] else None


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _text(head: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, errors="replace")
    return head.decode("latin-1")
