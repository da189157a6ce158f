"""The file of providers is taken whole, or every mistake in it is told."""

from pathlib import Path

import pytest

from auth_service.providers.declarations import Declaration, ProviderKind, read_declarations
from auth_service.settings import Settings
from shared.settings import Env
from tests.stores import ROOT

GOOD = """
[[provider]]
id = "peer"
label = "Peer"
issuer = "https://id.example.org"
client_id = "us"
client_secret = "s3cret"
"""
GITHUB = GOOD.replace('issuer = "https://id.example.org"', 'kind = "github"')


def read(folder: Path, text: str) -> tuple[list[Declaration], list[str]]:
    file = folder / "providers.toml"
    file.write_text(text)
    found, mistakes = read_declarations(file)
    return found, [mistake.removeprefix(f"{file}: ") for mistake in mistakes]


def test_what_is_not_said_is_the_safe_thing(tmp_path: Path) -> None:
    (found,), mistakes = read(tmp_path, GOOD)
    assert mistakes == []
    assert (found.id, found.label, found.issuer, found.client_id) == ("peer", "Peer", "https://id.example.org", "us")
    assert (found.kind, found.scopes) == (ProviderKind.OPENID, ("openid", "email"))
    assert (found.email_always_verified, found.accept_unverified_email) == (False, False)
    assert found.client_secret.reveal() == "s3cret"
    assert "s3cret" not in repr(found)


def test_github_needs_no_addresses_and_may_have_its_own(tmp_path: Path) -> None:
    (found,), mistakes = read(tmp_path, GITHUB)
    assert (mistakes, found.issuer, found.github.api_url) == ([], "https://github.com", "https://api.github.com")
    own = GITHUB + 'issuer = "https://git.example.org"\napi_url = "https://git.example.org/api/v3"\n'
    (found,), mistakes = read(tmp_path, own)
    assert (mistakes, found.issuer, found.github.api_url) == (
        [],
        "https://git.example.org",
        "https://git.example.org/api/v3",
    )


def test_secret_may_lie_in_a_file_beside(tmp_path: Path) -> None:
    (tmp_path / "peer.secret").write_text("from a file\n")
    text = GOOD.replace('client_secret = "s3cret"', 'client_secret_file = "peer.secret"')
    (found,), mistakes = read(tmp_path, text)
    assert (mistakes, found.client_secret.reveal()) == ([], "from a file")


def test_public_client_has_no_secret(tmp_path: Path) -> None:
    (found,), mistakes = read(tmp_path, GOOD.replace('client_secret = "s3cret"', ""))
    assert (mistakes, found.client_secret.reveal()) == ([], "")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('id = "peer"', "", "id is missing"),
        ('id = "peer"', 'id = "Peer"', "id must be lower-case"),
        ('id = "peer"', 'id = "../x"', "id must be lower-case"),
        ('id = "peer"', "id = 7", "id must be a text"),
        ('label = "Peer"', "", "label is missing"),
        ('label = "Peer"', 'label = " "', "label must be a text"),
        ('label = "Peer"', 'label = "a\\nb"', "label must be a text"),
        ('issuer = "https://id.example.org"', "", "issuer is missing"),
        ("https://id.example.org", "http://id.example.org", "issuer must be an https URL"),
        ("https://id.example.org", "https://id.example.org/?a=b", "issuer must be an https URL"),
        ("https://id.example.org", "https://a:b@id.example.org", "issuer must be an https URL"),
        ('client_id = "us"', "", "client_id is missing"),
        ('client_secret = "s3cret"', 'client_secret = ""', "client_secret must be a text"),
        ('client_secret = "s3cret"', 'client_secret_file = "absent"', "client_secret_file can't be read"),
        ('client_secret = "s3cret"', 'client_secret_file = ""', "client_secret_file must be a text"),
        ('client_secret = "s3cret"', 'client_secret_file = "empty"', "client_secret_file is empty"),
        ('client_secret = "s3cret"', 'client_secret = "a"\nclient_secret_file = "full"', "are both given"),
        ('client_id = "us"', 'client_id = "us"\nscopes = ["email"]', "scopes must hold openid"),
        ('client_id = "us"', 'client_id = "us"\nscopes = "openid"', "scopes must be a list"),
        ('client_id = "us"', 'client_id = "us"\nscopes = ["a b"]', "scopes must be a list"),
        ('client_id = "us"', 'client_id = "us"\nkind = "saml"', "kind must be one of openid, github"),
        ('client_id = "us"', 'client_id = "us"\nparameters = {state = "x"}', "parameter 'state' is set by us"),
        ('client_id = "us"', 'client_id = "us"\nparameters = {a = 1}', "parameters must be a table of texts"),
        ('client_id = "us"', 'client_id = "us"\nparameters = 1', "parameters must be a table of texts"),
        ('client_id = "us"', 'client_id = "us"\nemail_always_verified = "yes"', "must be true or false"),
        ('client_id = "us"', 'client_id = "us"\napi_url = "https://a"', "api_url is for kind github"),
        ('client_id = "us"', 'client_id = "us"\nsecret = "x"', "unknown key 'secret'"),
    ],
)
def test_mistake_is_told_with_its_provider(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "full").write_text("x")
    assert right in GOOD
    _, (mistake,) = read(tmp_path, GOOD.replace(right, wrong, 1))
    assert said in mistake
    assert mistake.startswith("provider 1")


def test_github_needs_a_secret(tmp_path: Path) -> None:
    _, mistakes = read(tmp_path, GITHUB.replace('client_secret = "s3cret"', ""))
    assert mistakes == ["provider 1 (peer): client_secret is missing"]


@pytest.mark.parametrize(("text", "said"), [
    ("a = = b", "can't be read"),
    ("provider = 7", "array of tables"),
    ("[provider]\nid = 'x'", "array of tables"),
    ("other = 1\n" + GOOD, "unknown key 'other'"),
    (GOOD + GOOD, "id 'peer' is given more than once"),
    ("".join(GOOD.replace("peer", f"peer{n}") for n in range(51)), "more than 50"),
])  # fmt: skip
def test_file_of_another_shape_is_refused(tmp_path: Path, text: str, said: str) -> None:
    _, (mistake,) = read(tmp_path, text)
    assert said in mistake


def test_file_that_is_not_there_is_a_mistake_beside_all_others(tmp_path: Path) -> None:
    absent = tmp_path / "absent.toml"
    env = Env({"AUTH_PROVIDERS_FILE": str(absent), "AUTH_REDIRECT_URIS": "https://a.example/cb, javascript:alert(1)"})
    Settings.from_env(env)
    mistakes = [mistake for mistake in env._mistakes if mistake.startswith("AUTH_")]
    assert [mistake.partition(":")[0] for mistake in mistakes] == [
        f"AUTH_PROVIDERS_FILE {absent}",
        "AUTH_REDIRECT_URIS",
    ]


def test_example_in_the_manual_is_right(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "auth" / "federation.md").read_text(encoding="utf-8")
    for name in ("google", "keycloak", "microsoft", "github"):
        (tmp_path / f"{name}.secret").write_text("x")
    found, mistakes = read(tmp_path, page.partition("```toml\n")[2].partition("```")[0])
    assert mistakes == []
    assert [each.id for each in found] == ["google", "company", "microsoft", "github"]
