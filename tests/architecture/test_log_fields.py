"""A line of the log has fields that ECS knows, or ours below `colonnade.`: others may clash with its types."""

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gateway.observer import AccessLine as GatewayLine
from shared.logs import Line
from shared.web.observing import AccessLine as ServiceLine
from tests.ecs import OURS, is_known
from tests.stores import ROOT

PROGRAMS = ("shared", "gateway", "auth_service", "user_service", "file_service", "deploy")
METHODS = frozenset(("debug", "info", "warning", "error", "write"))


def calls(source: str) -> Iterator[ast.Call]:
    """Return what writes to the log."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=method)) if method in METHODS:
                yield node


def names(call: ast.Call) -> Iterator[str]:
    """Return the fields as far as they stand there; those of other places are seen in what tests log."""
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg
        elif isinstance(keyword.value, ast.Dict):
            yield from (_name(key) for key in keyword.value.keys if key is not None)
        elif isinstance(keyword.value, ast.DictComp):
            yield _name(keyword.value.key)


def _name(key: ast.expr) -> str:
    match key:
        case ast.Constant(value=str(text)) | ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return text
    return OURS  # a variable: seen in what tests log


def unknown(source: str) -> list[str]:
    return [name for call in calls(source) for name in names(call) if not is_known(name)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_fields_have_names_of_ecs_or_ours(program: str) -> None:
    found = {str(file): unknown(file.read_text("utf-8")) for file in sorted((ROOT / program).rglob("*.py"))}
    assert {file: fields for file, fields in found.items() if fields} == {}


@pytest.mark.parametrize("line", [Line, GatewayLine, ServiceLine])
def test_lines_of_a_fixed_form_have_such_names_too(line: type[msgspec.Struct]) -> None:
    assert [field for field in line.__struct_encode_fields__ if not is_known(field)] == []


def test_field_of_another_name_is_found() -> None:
    source = 'log.info("x", port=1, **{"file.id": 2, "user.id": 3, "colonnade.x": 4}, **{f"scrub.{n}": 5 for n in a})'
    assert unknown(source) == ["port", "file.id", "scrub."]


def test_programs_do_log() -> None:
    """Otherwise the first test couldn't fail."""
    assert sum(1 for file in Path(ROOT / "gateway").rglob("*.py") for _ in calls(file.read_text("utf-8"))) > 10
