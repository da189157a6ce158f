"""`python -m deploy.grafana [RUNBOOKS]` writes dashboards/*.json; RUNBOOKS is the address that runbooks lie below."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.grafana.boards import BOARDS

FOLDER = Path(__file__).parent / "dashboards"
RUNBOOKS = "docs/runbooks"


def dashboards(runbooks: str = RUNBOOKS) -> Mapping[Path, str]:
    """Return what each file has to hold."""
    return {
        FOLDER / f"{board.name}.json": json.dumps(board.json(runbooks), indent=1, ensure_ascii=False) + "\n"
        for board in BOARDS
    }


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path, text in dashboards(*(address.rstrip("/") for address in sys.argv[1:])).items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    main()
