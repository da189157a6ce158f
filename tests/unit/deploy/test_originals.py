"""A secret that is being changed: the file has the new one before the old one."""

import hashlib
import json
from pathlib import Path

import pytest

from deploy.compose.provision import shares
from deploy.kubernetes.secrets import main
from deploy.originals import ISSUERS, Originals
from shared.identity import Signer, load_trust


def shared(folder: Path) -> dict[str, dict[str, str]]:
    return {share.container: dict(share.files) for share in shares(Originals(folder))}


def test_service_gets_a_dsn_for_each_password_and_the_role_the_first(tmp_path: Path) -> None:
    (tmp_path / "auth_runtime").write_text("new\nold\n")
    files = shared(tmp_path)
    assert files["roles"]["auth_runtime_password"] == "new"
    urls = files["auth_service"]["database_url"].split()
    assert [url.partition("@")[0] for url in urls] == [f"postgresql://auth_runtime:{each}" for each in ("new", "old")]


def test_cluster_gets_both_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "auth_runtime").write_text("new\nold\n")
    assert main([str(tmp_path), "--postgres", "pg:5432/shop", "--valkey", "redis://valkey"]) == 0
    found = {item["metadata"]["name"]: item for item in json.loads(capsys.readouterr().out)["items"]}
    told = found["colonnade-auth-service"]["stringData"]
    for name in ("database_url", "database_direct_url"):
        assert told[name] == "postgresql://auth_runtime:new@pg:5432/shop\npostgresql://auth_runtime:old@pg:5432/shop"


def test_valkey_takes_both_passwords_and_gateways_use_the_first(tmp_path: Path) -> None:
    (tmp_path / "valkey").write_text("new\nold\n")
    files = shared(tmp_path)
    assert files["gateway"]["valkey_url"].startswith("redis://gateway:new@")
    [line] = [line for line in files["valkey"]["users.acl"].splitlines() if line.startswith("user gateway ")]
    for password in ("new", "old"):
        assert f" #{hashlib.sha256(password.encode()).hexdigest()} " in line


def test_both_identity_keys_are_trusted_and_the_first_signs(tmp_path: Path) -> None:
    old = Originals(tmp_path / "old").key("gateway")
    new = Originals(tmp_path / "new").key("gateway")
    (tmp_path / "old" / "gateway.pem").write_text(new + old)
    originals = Originals(tmp_path / "old")
    trust = load_trust(originals.trust_file())
    assert {issuer: len(keys) for issuer, keys in trust.items()} == dict.fromkeys(ISSUERS, 1) | {"gateway": 2}
    both = Signer.from_file("gateway", originals.key_file("gateway"))
    first = Signer.from_file("gateway", Originals(tmp_path / "new").key_file("gateway"))
    assert both.derive_keys("forms")[:1] == first.derive_keys("forms")
    assert len(set(both.derive_keys("forms"))) == 2
