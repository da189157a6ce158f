"""The unit file in docs/deployment.md starts what `make run` does, and gives it the time that it may need to end."""

import re
from configparser import ConfigParser

from deploy.local import __main__, stack, supervisor
from tests.stores import ROOT

PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


def service() -> dict[str, str]:
    [unit] = re.findall(r"^```ini\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    parser = ConfigParser(strict=False)  # Environment may be said twice
    parser.read_string(unit)
    return dict(parser["Service"])


def test_unit_starts_the_launcher_without_a_parent_to_end_with() -> None:
    _python, *arguments = service()["execstart"].split()
    assert arguments == ["-m", "deploy.local", "run"]
    assert arguments[1] == __main__.__name__.removesuffix(".__main__")


def test_unit_lets_the_launcher_end_the_programs_in_order() -> None:
    longest = len(stack._STOP_ORDER) * supervisor._STOP_SECONDS + supervisor._KILL_SECONDS
    assert service()["killmode"] == "mixed"
    assert float(service()["timeoutstopsec"]) > longest
