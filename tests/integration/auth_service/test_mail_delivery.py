"""Mail servers that refuse, put off, hang, die or are away: nothing is lost, and the service goes on."""

import pytest

from auth_service.metrics import MAIL_SERVER_UP
from shared.jobs import worker
from shared.jobs.metrics import JOBS
from tests.integration.auth_service.mailing import FORGOT, Mailing, mailing
from tests.integration.auth_service.people import PASSWORD, Gateway
from tests.integration.auth_service.world import AuthService, running
from tests.mail_server import mail_server
from tests.stores import DatabaseUrls
from tests.waiting import eventually

ADA = "ada@example.org"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_FIRST_RETRY", 0.05)
    monkeypatch.setattr(worker, "_LONGEST_REST", 0.1)
    monkeypatch.setattr(worker, "_CENSUS", 0.1)


async def job(service: AuthService) -> tuple[int, bool, str | None]:
    """Return attempts, whether it failed for good, and what was last said, of the only mail job."""
    row = await service.admin.fetchrow(
        "select attempts, failed_at is not null as failed, last_error from auth.job where kind = 'mail'"
    )
    assert row is not None
    return row["attempts"], row["failed"], row["last_error"]


async def test_mail_is_plain_to_read_for_people_and_for_mail_programs(post: Mailing) -> None:
    await post.service.register(ADA)
    mail = await post.server.mail_to(ADA)
    message = mail.message
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["From"] == "Colonnade <no-reply@people.example>"
    assert message["To"] == ADA
    assert message["Auto-Submitted"] == "auto-generated"
    assert mail.sender == "no-reply@people.example"
    assert mail.link in mail.html
    assert not any(each in mail.html for each in ("<img", "<script", "<link", "@import", "url("))
    assert max(len(line) for line in mail.raw.split(b"\r\n")) <= 998


async def test_mails_wait_while_the_server_is_away_and_go_out_when_it_is_back(
    auth_database: DatabaseUrls, gateway: Gateway
) -> None:
    """Registering works, readiness stays, a metric tells, and no attempt is counted."""
    async with mail_server() as gone:
        port = int(gone.url.rpartition(":")[2])
    async with running(auth_database, gateway, SMTP_URL=gone.url) as service:
        await service.register(ADA)

        async def noticed() -> bool:
            return bool(MAIL_SERVER_UP._value.get() == 0 and JOBS.labels("mail", "waiting")._value.get() == 1)

        MAIL_SERVER_UP.set(1)
        await eventually(noticed)
        assert (await service.internal("GET", "/readyz")).status == 200
        assert (await service.try_login(ADA)).status == 200
        async with mail_server(port) as server:
            assert await server.mail_to(ADA)
            assert MAIL_SERVER_UP._value.get() == 1


async def test_server_that_puts_a_mail_off_is_asked_again(post: Mailing) -> None:
    post.server.refuses_recipient = "450 4.2.1 try later, ada@example.org"
    await post.service.register(ADA)
    await eventually(lambda: _tried(post, 2))
    _, failed, error = await job(post.service)
    assert not failed
    assert error is not None
    assert "ada" not in error
    post.server.refuses_recipient = ""
    assert await post.server.mail_to(ADA)


async def _tried(post: Mailing, times: int) -> bool:
    return post.server.calls >= times


@pytest.mark.parametrize("step", ["refuses_recipient", "refuses_data"])
async def test_mail_that_is_refused_for_good_is_kept_and_told_by_a_metric(post: Mailing, step: str) -> None:
    setattr(post.server, step, "550 5.1.1 no such mailbox")
    await post.service.register(ADA)

    async def told() -> bool:
        return bool(JOBS.labels("mail", "failed")._value.get() == 1)

    await eventually(told)
    attempts, failed, error = await job(post.service)
    assert (attempts, failed) == (1, True)
    assert error is not None
    assert "550" in error
    setattr(post.server, step, "")
    await post.service.register("eve@example.org")
    assert await post.server.mail_to("eve@example.org")  # the next one isn't held up


async def test_server_that_dies_in_the_middle_is_asked_again(post: Mailing) -> None:
    post.server.dies = True
    await post.service.register(ADA)
    await eventually(lambda: _tried(post, 2))
    post.server.dies = False
    await post.server.mail_to(ADA)
    await post.settled()
    assert len(post.server.mails) == 1


async def test_server_that_hangs_holds_up_nothing_but_mail(auth_database: DatabaseUrls, gateway: Gateway) -> None:
    async with mailing(auth_database, gateway, SMTP_TIMEOUT="0.3") as post:
        post.server.hangs = True
        person = await post.service.register(ADA)
        await post.ask(FORGOT, person.email)

        async def connected() -> bool:
            return post.server.connections >= 2

        await eventually(connected)
        assert (await post.service.internal("GET", "/readyz")).status == 200
        assert (await post.service.try_login(ADA)).status == 200
        post.server.hangs = False
        assert await post.server.mail_to(ADA, "new password")


async def test_mail_waits_through_a_restart_of_the_service(auth_database: DatabaseUrls, gateway: Gateway) -> None:
    async with running(auth_database, gateway) as service:  # without a mail server
        await service.register(ADA)
    async with mailing(auth_database, gateway) as post:
        assert await post.server.mail_to(ADA)


async def test_mail_whose_link_has_expired_is_not_sent(post: Mailing) -> None:
    post.server.refuses_recipient = "450 later"
    await post.service.register(ADA)
    await eventually(lambda: _tried(post, 1))
    await post.service.admin.execute("update auth.job set expires_at = now()")
    post.server.refuses_recipient = ""
    await post.settled()
    assert post.server.mails == []


async def test_what_is_stored_of_a_mail_holds_neither_address_nor_link(
    auth_database: DatabaseUrls, gateway: Gateway
) -> None:
    async with running(auth_database, gateway) as service:
        await service.register(ADA)
        await service.post(FORGOT, {"email": ADA})
        jobs = await service.admin.fetch("select payload from auth.job")
        tokens = await service.admin.fetch("select token_hash from auth.one_time_token")
    assert len(jobs) >= 2
    assert not any(word in row["payload"] for row in jobs for word in (b"ada", b"colt_", b"example"))
    assert all(len(row["token_hash"]) == 32 for row in tokens)


async def test_mail_sealed_with_another_key_is_kept_as_failed(auth_database: DatabaseUrls, gateway: Gateway) -> None:
    async with running(auth_database, gateway) as service:
        await service.register(ADA)
        await service.admin.execute("update auth.job set payload = payload || '\\x00'::bytea")
    async with mailing(auth_database, gateway) as post:

        async def failed() -> bool:
            return (await job(post.service))[1]

        await eventually(failed)


async def test_mailbox_beyond_ascii_is_written_to(post: Mailing) -> None:
    """A23: UTF-8 in the mailbox's name (SMTPUTF8), and IDN in its host."""
    await post.service.register("дора@bücher.example")
    mail = await post.server.mail_to("дора@xn--bcher-kva.example")
    assert "дора@" in str(mail.message["To"])


async def test_server_without_smtputf8_fails_that_mail_alone(auth_database: DatabaseUrls, gateway: Gateway) -> None:
    async with (
        mail_server(enable_SMTPUTF8=False) as server,
        running(auth_database, gateway, SMTP_URL=server.url) as service,
    ):
        await service.post("/v1/auth/register", {"email": "дора@example.org", "password": PASSWORD})

        async def failed() -> bool:
            return (await job(service))[1]

        await eventually(failed)
        await service.register(ADA)
        assert await server.mail_to(ADA)
