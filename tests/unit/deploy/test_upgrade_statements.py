import pytest

from deploy.roles import SCHEMAS
from deploy.upgrade.plan import ROOT
from deploy.upgrade.statements import split
from shared.migration_files import read_migrations


@pytest.mark.parametrize(
    ("sql", "statements"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("-- only; a comment\n", [], id="only a comment"),
        pytest.param("select 1", [(1, "select 1")], id="no semicolon at the end"),
        pytest.param("select 1;\n\nselect 2;", [(1, "select 1"), (3, "select 2")], id="lines"),
        pytest.param("-- why\n/* and; how */ select\n  1;", [(2, "select 1")], id="comments in front"),
        pytest.param("select 1 -- one; two\n, 2;", [(1, "select 1 , 2")], id="comment inside"),
        pytest.param("select ';', 'it''s', \";\";", [(1, "select ';', 'it''s', \";\"")], id="quotes"),
        pytest.param("do $$ begin; end $$; select 1;", [(1, "do $$ begin; end $$"), (1, "select 1")], id="dollars"),
        pytest.param("do $a$ $$;$$ $a$;", [(1, "do $a$ $$;$$ $a$")], id="dollars in dollars"),
        pytest.param("select 1 - 2 / 3;", [(1, "select 1 - 2 / 3")], id="what begins a comment elsewhere"),
    ],
)
def test_sql_is_split_into_its_statements(sql: str, statements: list[tuple[int, str]]) -> None:
    assert [(statement.line, statement.sql) for statement in split(sql)] == statements


def test_every_migration_that_runs_in_no_transaction_is_one_statement() -> None:
    for service in SCHEMAS:
        for migration in read_migrations(ROOT / service / "migrations"):
            found = list(split(migration.sql))
            assert found, migration.name
            assert migration.in_transaction or len(found) == 1, migration.name
