"""`python -m tests.fuzz TARGET [libFuzzer's options]`: run one target on bytes that coverage leads to, with atheris.

It ends with the status of libFuzzer, which writes the bytes that broke a property to a file and says how to run them.
"""

import sys
from importlib import import_module
from typing import Any

atheris: Any = import_module("atheris")  # which only `make fuzz` installs

with atheris.instrument_imports(include=["gateway"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(f"which target? {' '.join(TARGETS)}")
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
