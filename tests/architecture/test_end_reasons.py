"""docs/auth/sessions.md has a row for each reason for which a session may end, and no other."""

import re

from auth_service.domain.sessions import EXPLANATIONS, EndReason
from tests.stores import ROOT

TEXT = (ROOT / "docs" / "auth" / "sessions.md").read_text(encoding="utf-8")


def test_each_reason_has_its_row_and_its_explanation() -> None:
    table = TEXT.partition("| `end_reason` | because |\n")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \| .+ \|$", table, re.MULTILINE) == [each.value for each in EndReason]
    assert EXPLANATIONS.keys() == set(EndReason)
