from pathlib import Path

import pytest

from file_service.purpose_file import BadPurposeFile, read_purposes

GOOD = """
[invoice]
types = ["application/pdf", "image/*"]
max_bytes = 20_000_000

[avatar]
types = ["image/png"]
"""


def test_file_adds_to_the_built_in_purposes_and_replaces_them(tmp_path: Path) -> None:
    (file := tmp_path / "purposes.toml").write_text(GOOD)
    purposes = read_purposes(file)
    assert set(purposes.by_name) == {"file", "picture", "avatar", "invoice"}
    assert purposes.get("avatar").types == ("image/png",)
    assert purposes.get("invoice").max_bytes == 20_000_000
    purposes.get("invoice").check_type("image/webp")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[invoice", id="no TOML"),
        pytest.param("[Invoice]", id="no name of a purpose"),
        pytest.param("[invoice]\ntype = ['*']", id="unknown key"),
        pytest.param("[invoice]\ntypes = []", id="no type at all"),
        pytest.param("[invoice]\nmax_bytes = 0", id="no byte at all"),
        pytest.param("invoice = 1", id="no table"),
        pytest.param("[invoice]\ntypes = 'image/*'", id="a text for a list"),
    ],
)
def test_file_with_a_mistake_is_refused(tmp_path: Path, text: str) -> None:
    (file := tmp_path / "purposes.toml").write_text(text)
    with pytest.raises(BadPurposeFile, match="purposes"):
        read_purposes(file)


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPurposeFile):
        read_purposes(tmp_path / "absent.toml")
