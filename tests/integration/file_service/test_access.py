import pytest

from shared.identity import HEADER, Identity, Kind
from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService

ROUTES = [
    ("POST", "/v1/files"),
    ("GET", "/v1/files"),
    ("GET", "/v1/files/{id}"),
    ("GET", "/v1/files/{id}/content"),
    ("HEAD", "/v1/files/{id}/content"),
    ("DELETE", "/v1/files/{id}"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_nobody_comes_in_without_an_assertion(
    service: RunningService, ada: Person, method: str, path: str
) -> None:
    """U9: the service's port without X-Identity -> 401; likewise with one for another service, or an anonymous one."""
    path = path.format(id=(await ada.upload(b"x"))["id"])
    user = Identity(Kind.USER, str(ada.user_id))
    refused: list[dict[str, str]] = [
        {},
        {"X_Identity": ada.headers[HEADER]},
        {"Authorization": f"Bearer {ada.headers[HEADER]}"},
        {HEADER: ada.headers[HEADER] + "x"},
        service.asserted(user, audience="user_service"),
        service.asserted(Identity(Kind.ANONYMOUS)),
    ]
    for headers in refused:
        answer = await service.public.request(method, path, headers=headers)
        assert (headers, answer.status) == (headers, 401)
    assert len(service.blobs()) == 1


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if "{id}" in route[1]])
async def test_anothers_file_is_as_absent_as_none(
    service: RunningService, ada: Person, bob: Person, method: str, path: str
) -> None:
    """F8, U1: another user's file -> 404, the same answer as for one that never was."""
    view = await ada.upload(b"secret")

    async def ask(file_id: str) -> tuple[int, str]:
        headers = {**bob.headers, "Range": "bytes=999-", "If-None-Match": "*", "If-Match": '"x"'}
        answer = await service.public.request(method, path.format(id=file_id), headers=headers)
        return answer.status, (await answer.text()).replace(file_id, "").partition('"request_id"')[0]

    assert await ask(view["id"]) == await ask(str(uuid7()))
    assert (await ask(view["id"]))[0] == 404
    assert await (await ada.content(view["id"])).read() == b"secret"


async def test_a_list_shows_ones_own_files_alone(ada: Person, bob: Person) -> None:
    """U1: no list leaks another's files."""
    mine = await ada.upload(b"x")
    theirs = await bob.upload(b"y")
    assert (await (await ada.get("/v1/files")).json())["items"] == [mine]
    assert (await (await bob.get("/v1/files")).json())["items"] == [theirs]


@pytest.mark.parametrize("file_id", ["1", "%00", "..%2f..%2fetc%2fpasswd", "x" * 1000, "0192-g"])
async def test_what_is_no_id_names_nothing(ada: Person, file_id: str) -> None:
    assert (await ada.get(f"/v1/files/{file_id}")).status == 404
    assert (await ada.get(f"/v1/files/{file_id}/content")).status == 404


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("limit=-1", id="negative"),
        pytest.param("limit=0", id="none"),
        pytest.param("limit=2147483648", id="2^31"),
        pytest.param("limit=9223372036854775808", id="2^63"),
        pytest.param("limit=" + "9" * 5000, id="5,000 digits"),
        pytest.param("limit=ten", id="a word"),
        pytest.param("cursor=forged", id="forged cursor"),
        pytest.param("cursor=" + "A" * 30, id="forged cursor of the right length"),
        pytest.param("cursor=%00", id="NUL"),
        pytest.param("cursor=", id="empty cursor"),
        pytest.param("limit=1&limit=2", id="twice"),
        pytest.param("offset=1", id="unknown"),
    ],
)
async def test_bad_query_is_refused(ada: Person, query: str) -> None:
    """U4, U8: limits out of range, forged cursors, repeated parameters -> 400."""
    answer = await ada.get(f"/v1/files?{query}")
    assert (answer.status, (await answer.json())["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize("query", ["name=a&name=b", "name=%00", "name=a%0d%0ab", "nom=a", "name=" + "n" * 2000])
async def test_bad_query_of_an_upload_is_refused(service: RunningService, ada: Person, query: str) -> None:
    """U8, G33: a repeated parameter, a NUL -> 400, and nothing is stored."""
    answer = await ada.client.post(f"/v1/files?{query}", data=b"x", headers=ada.headers)
    assert (answer.status, (await answer.json())["code"]) == (400, "invalid_parameter")
    await service.settled(blobs=0)


async def test_json_is_stored_and_never_read(ada: Person) -> None:
    """G33: deep JSON, NaN, lone surrogates and duplicate keys are bytes like any here."""
    for content in (b"[" * 100_000, b"NaN", b'"\\ud800"', b'{"a":1,"a":2}', b"9" * 5000, b'"\\u0000"'):
        view = await ada.upload(content, content_type="application/json")
        assert await (await ada.content(view["id"])).read() == content


async def test_method_that_a_path_does_not_know_is_refused(ada: Person) -> None:
    answer = await ada.client.put("/v1/files", headers=ada.headers)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD,POST")
