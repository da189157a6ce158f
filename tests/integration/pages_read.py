"""Pages as a person without scripts reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class FoundForm:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Shown:
    """An answer as a person sees it: `forms` by action, the text of what is announced, all text."""

    status: int
    headers: dict[str, str]
    html: str
    forms: dict[str, FoundForm]
    alerts: list[str]
    text: str

    @property
    def location(self) -> str:
        assert self.status == 303, (self.status, self.text)
        return self.headers["Location"]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, FoundForm] = {}
        self.alerts: list[str] = []
        self.text: list[str] = []
        self._form: FoundForm | None = None
        self._alert = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert found["method"] == "post"
            self._form = self.forms[found["action"]] = FoundForm(found["action"])
        elif tag == "input" and self._form is not None and found.get("type") != "checkbox" and "name" in found:
            self._form.fields[found["name"]] = found.get("value", "")
        self._alert = found.get("role") in ("alert", "status") and "hidden" not in found

    def handle_endtag(self, tag: str) -> None:
        self._form = None if tag == "form" else self._form
        self._alert = False

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data.strip())
            if self._alert:
                self.alerts.append(data.strip())


def read_page(status: int, headers: Mapping[str, str], html: str) -> Shown:
    reader = _Reader()
    reader.feed(html)
    return Shown(status, dict(headers), html, reader.forms, reader.alerts, " ".join(reader.text))
