"""Whoever has a mail sent learns nothing from it, and floods nobody's mailbox."""

from statistics import median
from time import perf_counter

import pytest

from tests.integration.auth_service.mailing import CODE, FORGOT, LINK, RESEND, Mailing, told
from tests.integration.auth_service.people import Device

ASKING = (FORGOT, RESEND, CODE, LINK)


@pytest.mark.parametrize("path", ASKING)
async def test_answer_for_an_unknown_address_is_that_for_a_known_one(post: Mailing, path: str) -> None:
    """A9: status, body and headers of every route that has mail sent; and only the known address gets one."""
    person = await post.service.register("ada@example.org")
    known = await post.ask(path, person.email)
    unknown = await post.ask(path, "eve@example.org")
    assert told(known) == told(unknown)
    await post.settled()
    assert post.server.to("ada@example.org")
    assert not post.server.to("eve@example.org")


@pytest.mark.parametrize("path", ASKING)
async def test_work_for_an_unknown_address_is_that_for_a_known_one(post: Mailing, path: str) -> None:
    """A9: it is answered though nobody can read an account, and leaves a job of the same size."""
    await post.service.register("ada@example.org")
    await post.settled()
    known, unknown = [await left_by(post, path, email) for email in ("ada@example.org", "eve@example.org")]
    assert known == unknown
    assert len(known) == 1


async def left_by(post: Mailing, path: str, email: str) -> list[tuple[str, int]]:
    """Return the jobs that one request leaves, while nobody can read an account."""
    async with post.service.admin.transaction():
        await post.service.admin.execute("lock table auth.account in access exclusive mode")
        await post.ask(path, email)
        rows = await post.service.admin.fetch("select kind, octet_length(payload) as size from auth.job")
    await post.settled()
    return [(row["kind"], row["size"]) for row in rows]


async def test_time_of_the_answer_tells_nothing(post: Mailing) -> None:
    """A9: medians of a known and of unknown addresses lie close together."""
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    people = [await post.service.register() for _ in range(20)]
    await post.settled()
    for number, person in enumerate(people):
        for kind, email in (("known", person.email), ("unknown", f"nobody-{number}@example.org")):
            started = perf_counter()
            await post.ask(FORGOT, email)
            times[kind].append(perf_counter() - started)
    known, unknown = median(times["known"]), median(times["unknown"])
    assert max(known, unknown) < 2 * min(known, unknown) + 0.005


async def test_address_gets_five_mails_an_hour_from_however_many_strangers(post: Mailing) -> None:
    """A9, A11: strangers at many addresses, by all routes, can't flood a mailbox; and they are told nothing of it."""
    person = await post.service.register("ada@example.org")
    for number in range(6):
        for path in ASKING:
            device = Device(f"198.51.100.{number}", f"robot {number}")
            reply = await post.service.call("POST", path, {"email": person.email}, device=device)
            assert reply.status == 202
    await post.settled()
    assert len(post.server.to(person.email)) == 5
    await post.service.admin.execute("update auth.mail_count set window_started_at = now() - interval '1 hour'")
    assert await post.reset_link(person.email)


@pytest.mark.parametrize("path", ASKING)
@pytest.mark.parametrize(
    ("email", "status", "code"),
    [
        ("ada@example.org\r\nBcc: eve@example.org", 422, "invalid_email"),
        ("ada@example.org\u2028Bcc: eve@example.org", 422, "invalid_email"),
        ("ada@example.org,eve@example.org", 422, "invalid_email"),
        ("<ada@example.org>", 422, "invalid_email"),
        ("nobody", 422, "invalid_email"),
        ("a" * 300 + "@example.org", 422, "invalid_email"),
        ("ada@example.org\0", 400, "malformed_body"),
        (["ada@example.org"], 400, "malformed_body"),
        (None, 400, "malformed_body"),
    ],
)
async def test_mail_goes_to_one_address_or_nowhere(
    post: Mailing, path: str, email: object, status: int, code: str
) -> None:
    """A23: no header can be added, and no second recipient named."""
    reply = await post.service.post(path, {"email": email})
    assert (reply.status, reply.code) == (status, code)
    assert await post.service.admin.fetchval("select count(*) from auth.job") == 0
