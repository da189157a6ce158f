"""What the Helm chart refers to, as it is printed for kubectl."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.compose.provision import shares
from deploy.kubernetes.secrets import main
from deploy.originals import Originals

POSTGRES, VALKEY = "pg.example.org:5432/shop?sslmode=verify-full", "rediss://valkey.example.org:6380/2"


def printed(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> dict[str, dict[str, str]]:
    """Return what each object holds, by its name."""
    assert main([str(folder), *(arguments or ("--postgres", POSTGRES, "--valkey", VALKEY))]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {item["metadata"]["name"]: item.get("data") or item["stringData"] for item in document["items"]}


def test_each_program_and_job_has_a_secret_with_the_keys_that_its_container_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = printed(capsys, tmp_path)
    trust = json.loads(found.pop("colonnade-trust")["trust.json"])
    assert set(trust) == {"gateway", "auth_service", "user_service", "file_service"}
    wanted = {
        f"colonnade-{share.container.replace('_', '-')}": set(share.files) - {"trust.json"}
        for share in shares(Originals(tmp_path))
        if share.container not in ("postgres", "grafana")
    }
    assert {name: set(keys) - {"database_direct_url"} for name, keys in found.items()} == wanted


def test_secrets_are_the_same_each_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, tmp_path) == printed(capsys, tmp_path)


def test_stores_are_where_they_were_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pooler = ("--pooler", "pooler:6432/shop", "--release", "shop")
    found = printed(capsys, tmp_path, "--postgres", POSTGRES, "--valkey", VALKEY, *pooler)
    runtime, owner, valkey = ((tmp_path / name).read_text() for name in ("users_runtime", "users_owner", "valkey"))
    user = found["shop-user-service"]
    assert user["database_url"] == f"postgresql://users_runtime:{runtime}@pooler:6432/shop"
    assert user["database_direct_url"] == f"postgresql://users_runtime:{runtime}@{POSTGRES}"
    assert found["shop-migrate-user"]["database_owner_url"] == f"postgresql://users_owner:{owner}@{POSTGRES}"
    assert found["shop-roles"]["database_admin_url"].endswith("@pg.example.org:5432/postgres?sslmode=verify-full")
    assert found["shop-gateway"]["valkey_url"] == f"rediss://gateway:{valkey}@valkey.example.org:6380/2"


def test_valkey_with_a_user_of_its_own_keeps_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "redis://:a-password-of-theirs@valkey:6379/0"
    found = printed(capsys, tmp_path, "--postgres", POSTGRES, "--valkey", url)
    assert found["colonnade-gateway"]["valkey_url"] == url


@pytest.mark.parametrize(
    ("postgres", "valkey"),
    [
        ("pg.example.org:5432", VALKEY),
        ("user:password@pg.example.org/shop", VALKEY),
        ("pg/a/b", VALKEY),
        (POSTGRES, "valkey:6379"),
        (POSTGRES, "http://valkey:6379"),
    ],
)
def test_place_that_is_none_is_refused(tmp_path: Path, postgres: str, valkey: str) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--postgres", postgres, "--valkey", valkey])
    assert not list(tmp_path.iterdir())
