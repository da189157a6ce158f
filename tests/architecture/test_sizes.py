"""How large things may be, and what may be imported where (docs/decisions and CONTRIBUTING say why)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stores import ROOT

PROGRAMS = ("gateway", "auth_service", "user_service", "file_service")
SERVICES = PROGRAMS[1:]
CODE = ("shared", *PROGRAMS, "deploy", "bench", "tests")
MOST_LINES, MOST_FUNCTION_LINES, MOST_PARAMETERS = 300, 40, 5
TYPICAL_LINES, TYPICAL_FUNCTION_LINES = 180, 25  # nine of ten are smaller

Function = ast.FunctionDef | ast.AsyncFunctionDef
FILES = sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def length(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(TREES[path]) if isinstance(node, Function))


def lines(node: Function) -> int:
    """Count a function's lines, its decorators and the functions within it included."""
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def parameters(node: Function) -> int:
    """Count what a caller hands over: not the fixtures and cases of a test, and not `self`."""
    if node.name.startswith("test_"):
        return 0
    given = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return len([each for each in given if each not in ("self", "cls")])


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def reads_environment(path: Path) -> bool:
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            if node.attr in ("environ", "getenv", "environb"):
                return True
        elif (
            isinstance(node, ast.ImportFrom) and node.module == "os" and "environ" in {each.name for each in node.names}
        ):
            return True
    return False


def test_no_file_is_too_long() -> None:
    assert not {name(path): length(path) for path in FILES if length(path) > MOST_LINES}


def test_no_function_is_too_long() -> None:
    every = ((path, node) for path in FILES for node in functions(path))
    assert not {f"{name(path)}:{node.name}": lines(node) for path, node in every if lines(node) > MOST_FUNCTION_LINES}


def test_no_function_takes_too_much() -> None:
    every = ((path, node) for path in FILES for node in functions(path))
    assert not [f"{name(path)}:{node.name}" for path, node in every if parameters(node) > MOST_PARAMETERS]


def test_most_things_are_small() -> None:
    programs = [path for path in FILES if path.relative_to(ROOT).parts[0] != "tests"]
    sizes = sorted(length(path) for path in programs)
    assert sizes[len(sizes) // 2] <= 80
    assert sizes[len(sizes) * 9 // 10] <= TYPICAL_LINES
    lengths = sorted(lines(node) for path in programs for node in functions(path))
    assert lengths[len(lengths) // 2] <= 9
    assert lengths[len(lengths) * 9 // 10] <= TYPICAL_FUNCTION_LINES


@pytest.mark.parametrize("folder", ["shared", *PROGRAMS])
def test_environment_is_read_by_settings_alone(folder: str) -> None:
    readers = [path for path in FILES if path.is_relative_to(ROOT / folder) and reads_environment(path)]
    assert {path.name for path in readers} <= {"settings.py"}


@pytest.mark.parametrize("service", SERVICES)
def test_sql_stays_in_repositories(service: str) -> None:
    for path in FILES:
        if path.is_relative_to(ROOT / service) and "asyncpg" in imports(path):
            assert "repository" in path.relative_to(ROOT / service).with_suffix("").parts


def test_gateway_owns_no_database() -> None:
    assert not [name(path) for path in FILES if path.is_relative_to(ROOT / "gateway") and "asyncpg" in imports(path)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_domain_and_errors_are_pure(program: str) -> None:
    for path in FILES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] == program and len(parts) > 1 and parts[1] in ("domain", "errors"):
            foreign = {"aiohttp", "asyncpg", "redis", "msgspec", "asyncio", "os"} & imports(path)
            assert not foreign, f"{name(path)} imports {foreign}"


def test_no_module_is_named_for_nothing() -> None:
    vague = {"utils", "helpers", "common", "manager", "base", "misc", "util"}
    assert not [name(path) for path in FILES if path.stem in vague or path.parent.name in vague]
