"""What the benches conclude from figures, and what they write into the README."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.chart import Bar, draw
from bench.report import Section, Table, Target, insert, missed


@pytest.mark.parametrize(
    ("target", "met"),
    [
        pytest.param(Target("cost", 0.8, 0.8), True, id="as much as allowed"),
        pytest.param(Target("cost", 0.81, 0.8), False, id="more than allowed"),
        pytest.param(Target("speed", 0.8, 0.8, at_least=True), True, id="as much as asked"),
        pytest.param(Target("speed", 0.79, 0.8, at_least=True), False, id="less than asked"),
    ],
)
def test_target_is_met_up_to_its_bound(target: Target, met: bool) -> None:  # noqa: FBT001  a case's answer
    assert target.met is met
    assert missed([Section(targets=[target])]) is not met


def test_what_could_not_be_measured_counts_as_missed() -> None:
    assert missed([Section(notes=["bodies: skipped"], broken=True)])
    assert not missed([Section(notes=["workers: skipped: this gateway knows no WORKERS"])])


def test_table_reads_the_same_in_text_and_in_markdown() -> None:
    table = Table("Costs", ("", "CPU"), [("ours", "28"), ("another", "206")])
    assert table.text() == "Costs\n         CPU\nours      28\nanother  206"
    assert table.markdown().splitlines()[2:] == ["|  | CPU |", "| --- | ---: |", "| ours | 28 |", "| another | 206 |"]


def test_only_the_named_place_of_a_page_is_renewed(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- one -->\nold\n<!-- /one -->\n<!-- two -->\nkept\n<!-- /two -->\n")
    insert(page, "one", "new")
    assert page.read_text() == "before\n<!-- one -->\nnew\n<!-- /one -->\n<!-- two -->\nkept\n<!-- /two -->\n"


def test_page_without_the_place_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("<!-- one -->\nnever closed")
    with pytest.raises(SystemExit):
        insert(page, "one", "new")
    assert page.read_text() == "<!-- one -->\nnever closed"


def test_picture_cuts_what_is_far_longer_than_the_rest() -> None:
    picture = ET.fromstring(draw("Costs", [Bar("a & b", 20, ours=True), Bar("c", 30), Bar("d", 2000)]))
    _, *bars = (each for each in picture.iter() if each.tag.endswith("rect"))
    widths = [float(each.attrib["width"]) for each in bars]
    assert widths[0] * 1.5 == pytest.approx(widths[1], rel=0.01)
    assert widths[2] == pytest.approx(widths[1] * 4, rel=0.01)
    assert "2,000" in "".join(picture.itertext())
