"""The README's visit, pasted into a shell. Needs bash and curl, which is why it has a make target of its own."""

from pathlib import Path

from tests.e2e.stack import running_stack, state_folder
from tests.readme.visit import EXPECTED, pasted_visit


def test_every_line_of_the_visit_answers_as_often_as_it_is_pasted(tmp_path: Path) -> None:
    with state_folder() as state, running_stack(state) as stack:
        for _ in range(2):
            ran = pasted_visit(stack.url, tmp_path)
            assert ran.returncode == 0, ran.stderr
            for expected in EXPECTED:
                assert expected in ran.stdout
