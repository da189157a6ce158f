"""Mails as they are written: templates, headers, languages, settings."""

import re
from email import message_from_bytes
from email.policy import default
from html import escape
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.domain.languages import LANGUAGES, choose_language
from auth_service.mail.message import seal_envelope
from auth_service.mail.orders import MailOrder, Template
from auth_service.mail.preview import preview_mail
from auth_service.mail.settings import parse_smtp_url, read_mail_settings
from auth_service.mail.templates import BUILT_IN, EXAMPLES, BadTemplate, MailTemplates, Written, example_orders
from shared.settings import Env, Secret
from tests.stores import ROOT

PUBLIC_URL = "https://people.example/app"
JOB = UUID(int=7)


def order(template: Template = Template.RESET, language: str = "en", **values: str) -> MailOrder:
    return MailOrder(template, "ada@example.org", language, "2026-11-25 14:20 UTC", EXAMPLES | values)


@pytest.mark.parametrize("each", example_orders(), ids=lambda each: f"{each.language}-{each.template}")
def test_every_mail_says_the_same_in_text_and_html(each: MailOrder) -> None:
    written = MailTemplates(PUBLIC_URL).write(each)
    assert written.subject
    assert "{{" not in written.text + written.html + written.subject
    assert f'<html lang="{each.language}">' in written.html
    for form in (written.text, written.html):
        assert each.to in form
        assert PUBLIC_URL in form
        for name in ("link", "code"):
            source = (BUILT_IN / each.language / f"{each.template}.txt").read_text(encoding="utf-8")
            assert (f"{{{{ {name} }}}}" in source) == (EXAMPLES[name] in form)
    assert "src=" not in written.html
    assert "<script" not in written.html


def test_languages_have_the_same_mails() -> None:
    """And none has one that nobody orders."""
    expected = {f"{name}.{kind}" for name in (*Template, "footer") for kind in ("txt", "html")}
    for language in LANGUAGES:
        assert {path.name for path in (BUILT_IN / language).iterdir()} == expected


def test_mails_have_the_colours_and_typefaces_of_the_pages() -> None:
    """Written out, as mail programs know no variables."""
    layout = (BUILT_IN / "layout.html").read_text(encoding="utf-8")
    pages = (ROOT / "shared" / "web" / "static" / "colonnade.css").read_text(encoding="utf-8")
    assert set(re.findall(r"#[0-9a-f]{6}", layout)) <= set(re.findall(r"#[0-9a-f]{6}", pages))
    for fonts in re.findall(r"font-family: ([^;]+);", layout):
        assert " ".join(fonts.split()) in pages


def test_folder_of_the_operator_goes_first_and_may_be_incomplete(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "reset.txt").write_text("Subject: Ours\n\nGo to {{ link }}\n", encoding="utf-8")
    templates = MailTemplates(PUBLIC_URL, tmp_path)
    templates.check()
    written = templates.write(order())
    assert (written.subject, written.text) == ("Ours", f"Go to {EXAMPLES['link']}\n")
    assert "Choose a new password" in written.html
    assert templates.write(order(language="de")).subject == "Wähle ein neues Passwort"
    assert templates.write(order(language="fr")).subject == "Ours"


@pytest.mark.parametrize(
    "text", ["no subject at all", "Subject: {{ lnk }}\n\nx", "Subject: x\n\n{% if %}", "Subject: x\n\n{{ link.f() }}"]
)
def test_template_with_a_mistake_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "reset.txt").write_text(text, encoding="utf-8")
    with pytest.raises(BadTemplate, match="en/reset"):
        MailTemplates(PUBLIC_URL, tmp_path).check()


def test_what_is_filled_in_is_no_markup() -> None:
    written = MailTemplates(PUBLIC_URL).write(order(Template.NEW_DEVICE, device="<b>bold</b> & {{ 1 }}"))
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; {{ 1 }}" in written.html
    assert "<b>bold</b>" in written.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_mail_that_the_release_before_ordered_is_written(language: str) -> None:
    """It knew nothing of what goes when a change of address is undone."""
    earlier = MailOrder(Template.EMAIL_RESTORED, "ada@example.org", language, "now", {"link": EXAMPLES["link"]})
    written = MailTemplates(PUBLIC_URL).write(earlier)
    assert EXAMPLES["link"] in written.text
    told = MailTemplates(PUBLIC_URL).write(order(Template.EMAIL_RESTORED, language, factors="0", identities="3"))
    assert (": 3." in told.text, ": 3." in told.html) == (True, True)
    assert len(told.text) > len(written.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_mail_about_a_deletion_says_the_same_in_text_and_html_whoever_did_it(language: str) -> None:
    for by, who in (("owner", "sign in|anmelden"), ("administrator", "n administrator|in Administrator")):
        written = MailTemplates(PUBLIC_URL).write(order(Template.ACCOUNT_DELETED, language, by=by))
        for form in (written.text, written.html):
            assert [bool(re.search(each, form)) for each in (who, "administrator|Administrator")] == [
                True,
                by != "owner",
            ]


@given(value=st.text(max_size=60))
def test_no_value_adds_a_header(value: str) -> None:
    """A23: whatever stands in a subject, it is one line."""
    written = MailTemplates(PUBLIC_URL).write(order(Template.SIGN_IN_CODE, code=value))
    try:
        content = seal_envelope("Us <us@example.org>", "ada@example.org", written, JOB, PUBLIC_URL).content
    except ValueError:
        return  # refused is as good
    head = content.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert names == [
        *(b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Auto-Submitted", b"X-Auto-Response-Suppress"),
        *(b"MIME-Version", b"Content-Type"),
    ]


@pytest.mark.parametrize("to", ["a@b.c\r\nBcc: eve@b.c", "a@b.c\nX: y", "a\r\n@b.c"])
def test_no_address_adds_a_header(to: str) -> None:
    """A23: should such an address ever get this far."""
    with pytest.raises(ValueError, match=r"."):
        seal_envelope("us@example.org", to, Written("x", "x", "x"), JOB, PUBLIC_URL)


def test_mail_sent_again_has_the_same_id() -> None:
    ids = set()
    for _ in range(2):
        content = seal_envelope("us@example.org", "a@b.cd", Written("x", "x", "x"), JOB, PUBLIC_URL).content
        ids |= {line for line in content.split(b"\r\n") if line.startswith(b"Message-ID")}
    assert ids == {f"Message-ID: <{JOB}@people.example>".encode()}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT, en;q=0.5", "de"),
        ("fr, de;q=0.3, en;q=0.7", "en"),
        ("fr;q=0.9, DE;q=0.8", "de"),
        ("de;q=0, en;q=0.1", "en"),
        ("de;q=nan", "en"),
        ("de;q=x, fr", "en"),
        ("*", "en"),
        ("de;q=2;q=1, en", "de"),
        (",,;;q=,", "en"),
        ("fr," * 10_000 + "de", "en"),
    ],
)
def test_language_is_the_one_that_is_preferred_among_ours(header: str, language: str) -> None:
    assert choose_language(header) == language


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "starttls"),
    [
        ("smtp://u:p@mail.example", "mail.example", 587, False, True),
        ("smtps://mail.example", "mail.example", 465, True, False),
        ("smtp+plain://127.0.0.1:2525", "127.0.0.1", 2525, False, False),
        ("smtp://[::1]:26/", "::1", 26, False, True),
    ],
)
def test_scheme_says_how_the_server_is_spoken_to(url: str, host: str, port: int, *, tls: bool, starttls: bool) -> None:
    server = parse_smtp_url(Secret(url))
    assert (server.host, server.port, server.tls, server.starttls) == (host, port, tls, starttls)


def test_server_may_be_a_socket() -> None:
    assert parse_smtp_url(Secret("smtp+unix:///run/mail.sock")).socket_path == "/run/mail.sock"


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://u:p@h:x",
        "smtp://h/path",
        "smtp://h?a=b",
        "smtp+unix://h/a",
    ],
)
def test_other_urls_are_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(is no URL|must )") as refused:
        parse_smtp_url(Secret(url))
    assert "u:p" not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SMTP_URL", "nonsense"),
        ("MAIL_FROM", "Colonnade"),
        ("MAIL_FROM", "a@b.c\nBcc: d@e.f"),
        ("MAIL_TEMPLATES", "/no/such/folder"),
        ("SMTP_TIMEOUT", "0"),
    ],
)
def test_wrong_setting_is_told_by_its_name(variable: str, value: str) -> None:
    env = Env({variable: value})
    read_mail_settings(env, PUBLIC_URL, "Colonnade")
    with pytest.raises(Exception, match=variable):
        env.check()


@pytest.mark.parametrize(
    ("public_url", "sender"),
    [
        ("https://people.example/app", "Colonnade <no-reply@people.example>"),
        ("http://[::1]:8080", "Colonnade <no-reply@localhost>"),
        ("http://127.0.0.1:8080", "Colonnade <no-reply@127.0.0.1>"),
    ],
)
def test_sender_follows_the_public_url(public_url: str, sender: str) -> None:
    env = Env({})
    assert read_mail_settings(env, public_url, "Colonnade").sender == sender
    env.check()
    assert seal_envelope(sender, "a@b.cd", Written("x", "x", "x"), JOB, public_url).sender in sender


@pytest.mark.parametrize("name", ["Ada & Söhne", 'Ada "the" <Countess>, Ltd.', "日本", "a@b.c"])
def test_mail_comes_in_the_sites_name(name: str) -> None:
    """Whatever it is, it is a name: neither an address nor a header, nor markup."""
    env = Env({})
    sender = read_mail_settings(env, PUBLIC_URL, name).sender
    env.check()
    written = MailTemplates(PUBLIC_URL, site_name=name).write(order())
    sealed = seal_envelope(sender, "ada@example.org", written, JOB, PUBLIC_URL)
    told = message_from_bytes(sealed.content, policy=default)
    [address] = told["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "no-reply@people.example")
    assert sealed.sender == "no-reply@people.example"
    assert f"&nbsp; {escape(name).replace('&quot;', '&#34;')}<" in written.html
    assert "Colonnade" not in written.html + written.text


def test_preview_writes_every_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUBLIC_URL", PUBLIC_URL)
    assert preview_mail([str(tmp_path / "out")]) == 0
    assert "index.html" in capsys.readouterr().out
    assert len(list((tmp_path / "out").glob("*.html"))) == len(example_orders()) + 1
    monkeypatch.setenv("MAIL_TEMPLATES", str(tmp_path))
    assert preview_mail([str(tmp_path / "out")]) == 0
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "reset.txt").write_text("none", encoding="utf-8")
    assert preview_mail([str(tmp_path / "out")]) == 1
