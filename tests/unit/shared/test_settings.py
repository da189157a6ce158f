import json
import logging
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec
import pytest

from shared.settings import DatabaseSettings, Env, ProcessSettings, Secret, SettingsError, load

PASSWORD = "hunter2-hunter2"


def mistakes_of(env: Env) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        env.check()
    return caught.value.mistakes


def test_every_mistake_is_reported_at_once() -> None:
    env = Env({"PORT": "70000", "LOG_LEVEL": "loud", "PUBLIC_URL": "example.org", "DRAIN_SECONDS": "-1"})

    ProcessSettings.from_env(env, "program", 8081)
    DatabaseSettings.from_env(env)

    assert [mistake.split()[0] for mistake in mistakes_of(env)] == [
        "PUBLIC_URL", "PORT", "TRUST_FILE", "DRAIN_SECONDS", "LOG_LEVEL", "DATABASE_URL",
    ]  # fmt: skip


def test_right_variables_are_no_mistake() -> None:
    env = Env({"PORT": "8123", "TRUST_FILE": "/run/trust.json", "PUBLIC_URL": "https://files.example.org/base/"})
    settings = ProcessSettings.from_env(env, "program", 8081)
    env.check()
    assert (settings.port, settings.private_port) == (8123, 9081)
    assert settings.trust_file == Path("/run/trust.json")
    assert settings.public_url == "https://files.example.org/base"


def test_direct_url_is_the_pooled_one_unless_set() -> None:
    pooled = DatabaseSettings.from_env(Env({"DATABASE_URL": "postgresql:///a"}))
    assert pooled.direct_url.reveal() == "postgresql:///a"
    direct = DatabaseSettings.from_env(
        Env({"DATABASE_URL": "postgresql:///a", "DATABASE_DIRECT_URL": "postgresql:///b"})
    )
    assert direct.direct_url.reveal() == "postgresql:///b"


def test_empty_variable_is_like_an_unset_one() -> None:
    env = Env({"PORT": "", "NAME": ""})
    assert env.integer("PORT", 8080) == 8080
    env.text("NAME")
    assert mistakes_of(env) == ("NAME is not set (nor NAME_FILE)",)


def test_value_is_read_from_a_file_and_stripped(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"  {PASSWORD}\n", encoding="utf-8")
    env = Env({"TOKEN_FILE": str(tmp_path / "secret")})
    assert env.secret("TOKEN").reveal() == PASSWORD
    env.check()


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        pytest.param(None, "TOKEN_FILE can't be read", id="missing"),
        pytest.param(b"\xff\xfe", "TOKEN_FILE can't be read", id="not UTF-8"),
        pytest.param(b" \n", "TOKEN is not set", id="blank"),
    ],
)
def test_file_that_gives_no_value_is_one_mistake(tmp_path: Path, content: bytes | None, mistake: str) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    for read in ("text", "integer", "secret", "path", "url"):
        env = Env({"TOKEN_FILE": str(tmp_path / "token")})
        getattr(env, read)("TOKEN")
        (found,) = mistakes_of(env)
        assert found.startswith(mistake)


def test_a_value_given_twice_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("1", encoding="utf-8")
    env = Env({"TOKEN": "2", "TOKEN_FILE": str(tmp_path / "token")})
    env.text("TOKEN")
    assert mistakes_of(env) == ("TOKEN and TOKEN_FILE are both set",)


@pytest.mark.parametrize(
    "raw", ["x", "-1", "+1", "1_0", " 1", "1.5", "\uff11", "\u00b2", "0x1", "9" * 5000, str(2**63), "101"]
)
def test_integer_is_plain_digits_within_bounds(raw: str) -> None:
    env = Env({"COUNT": raw})
    env.integer("COUNT", 1, maximum=100 if raw == "101" else 2**63 - 1)
    assert mistakes_of(env)[0].startswith("COUNT must be a whole number")


@pytest.mark.parametrize("raw", ["x", "nan", "inf", "-0.1", ""])
def test_number_is_finite_and_not_below_its_minimum(raw: str) -> None:
    env = Env({"SECONDS": raw})
    env.number("SECONDS")
    assert len(mistakes_of(env)) == 1


@pytest.mark.parametrize(
    "raw",
    [
        "example.org", "//example.org", "ftp://example.org", "http://", "http:///path", "http://[::1", "http://h:99999",
        "http://h:x", "http://h/?a=1", "http://h/#f",
    ],
)  # fmt: skip
def test_url_that_is_no_place_to_link_to_is_refused(raw: str) -> None:
    env = Env({"PUBLIC_URL": raw})
    env.url("PUBLIC_URL")
    assert mistakes_of(env)[0].startswith("PUBLIC_URL must be a URL")


def test_url_loses_its_trailing_slash() -> None:
    assert Env({"U": "https://h:8443/base//"}).url("U") == "https://h:8443/base"


def test_list_of_urls_has_each_once_and_without_a_trailing_slash() -> None:
    env = Env({"U": "http://a:1/, http://b:2,http://a:1"})
    assert env.urls("U", "http://c") == ("http://a:1", "http://b:2")
    assert env.urls("V", "http://c") == ("http://c",)


@pytest.mark.parametrize("raw", ["http://a,", ",", "http://a,b", "http://a;http://b", "http://a http://b"])
def test_list_with_something_that_is_no_url_is_refused(raw: str) -> None:
    env = Env({"U": raw})
    env.urls("U", "http://c")
    assert mistakes_of(env)[0].startswith("U must be URLs")


def test_list_of_urls_may_have_sockets_where_they_are_understood() -> None:
    env = Env({"U": "unix:///run/a.sock, http://b:1"})
    assert env.urls("U", "http://c", schemes=("http", "unix")) == ("unix:///run/a.sock", "http://b:1")
    env.urls("U", "http://c")
    assert mistakes_of(env)[0].startswith("U must be URLs")


_NO_SOCKETS = [
    *(
        "unix:///",
        "unix:////",
        "unix://",
        "unix:/a",
        "unix:a",
        "UNIX:///a",
        "unix://host/a",
        "unix:///a b",
        "unix:///a;b",
    ),
    *("unix:///a?b", "unix:///a#b", "unix:///a%00b", "unix:///%FF", f"unix:///{'a' * 107}"),
]


@pytest.mark.parametrize("raw", _NO_SOCKETS)
def test_socket_is_a_path_alone(raw: str) -> None:
    env = Env({"U": raw})
    env.url("U", schemes=("unix",))
    assert mistakes_of(env)[0].startswith("U must be a URL")


def test_choice_is_one_of_the_options() -> None:
    env = Env({"A": "b", "B": "c"})
    assert env.choice("A", ("a", "b")) == "b"
    env.choice("B", ("a", "b"), "a")
    assert mistakes_of(env) == ("B must be one of a, b",)


def test_words_are_split_at_commas_and_stripped() -> None:
    assert Env({"W": " a, b,,c "}).words("W") == ("a", "b", "c")
    assert Env({}).words("W") == ()


def test_secret_shows_in_no_rendering(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(PASSWORD)
    settings = DatabaseSettings(secret, secret, 10, 5.0)
    logging.getLogger("test").warning("%s %r %s", secret, secret, settings)
    shown = [
        str(secret), repr(secret), f"{secret}", f"{secret!s:>40}", f"{secret:>20}", repr(settings),
        str([secret]), caplog.text, str(vars(type(secret))), repr(dir(secret)), str(ValueError(secret)),
        msgspec.json.encode({"a": secret}, enc_hook=str).decode(), json.dumps({"a": secret}, default=str),
    ]  # fmt: skip
    assert not [text for text in shown if PASSWORD in text]
    assert secret.reveal() == PASSWORD


def test_secret_is_not_written_out_by_accident() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(PASSWORD))


def test_mistake_about_a_secret_does_not_tell_it() -> None:
    env = Env({"DATABASE_URL": PASSWORD, "DATABASE_URL_FILE": "/nowhere"})
    DatabaseSettings.from_env(env)
    assert PASSWORD not in "".join(mistakes_of(env))


@dataclass(frozen=True, slots=True)
class Both:
    process: ProcessSettings
    database: DatabaseSettings

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(ProcessSettings.from_env(env, "both", 1), DatabaseSettings.from_env(env))


def test_load_prints_a_line_per_mistake_and_exits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("TRUST_FILE", "DATABASE_URL", "DATABASE_URL_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORT", "x")
    with pytest.raises(SystemExit) as caught:
        load(Both)
    assert caught.value.code == 2
    assert [line.split()[:2] for line in capsys.readouterr().err.splitlines()] == [
        ["settings:", "PORT"], ["settings:", "TRUST_FILE"], ["settings:", "DATABASE_URL"],
    ]  # fmt: skip


def test_load_returns_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8099")
    monkeypatch.setenv("TRUST_FILE", "/run/trust.json")
    monkeypatch.setenv("DATABASE_URL", "postgresql:///db")
    loaded = load(Both)
    assert (loaded.process.port, loaded.database.url.reveal()) == (8099, "postgresql:///db")
