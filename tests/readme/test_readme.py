"""The README's visit, pasted into a shell. Needs bash and curl, which is why it has a make target of its own."""

import subprocess
from pathlib import Path

from tests.e2e.stack import ROOT, running_stack, state_folder


def test_every_line_of_the_visit_answers(tmp_path: Path) -> None:
    blocks = (ROOT / "README.md").read_text(encoding="utf-8").split("```sh\n")
    visit = next(block for block in blocks if "/v1/auth/register" in block).partition("```")[0]
    with state_folder() as state, running_stack(state) as stack:
        pasted = visit.replace("http://127.0.0.1:8080", stack.url)

        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", pasted],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert ran.returncode == 0, ran.stderr
    for expected in ('"display_name":"Ada Lovelace"', "Grace Hopper", "Notes on the engine", '"current":true'):
        assert expected in ran.stdout
