"""The judge of the fault drills has to be able to find what it looks for: each promise is broken here once."""

import math

from tests.chaos.checks.files import double_files, lost_files, wrong_quotas
from tests.chaos.checks.registers import lost_writes
from tests.chaos.checks.sessions import Deaf, mistaken_logouts, revived, second_leaves
from tests.chaos.history import (
    Deletion,
    Found,
    FoundFile,
    FoundSession,
    History,
    LateUse,
    Logout,
    Read,
    Rotation,
    Upload,
    Usage,
    Write,
)

ADA = "ada@example.org"


def uploaded(file_id: str, *, key: str = "key-1", size: int = 10, ended: float = 1.0) -> Upload:
    return Upload(ADA, key, file_id, size, f"sha-{file_id}", ended)


def there(*file_ids: str, name: str = "key-1", size: int = 10) -> dict[str, dict[str, FoundFile]]:
    return {ADA: {file_id: FoundFile(name, size, f"sha-{file_id}") for file_id in file_ids}}


def test_a_history_in_which_all_went_well_is_found_right() -> None:
    history = History(
        writes=[Write(ADA, 1, sent=1.0, acknowledged=2.0), Write(ADA, 2, sent=3.0)],
        reads=[Read(ADA, 0, 0.0, 0.5), Read(ADA, 1, 2.5, 2.6), Read(ADA, 2, 3.5, 3.6)],
        uploads=[uploaded("f1"), uploaded("f1", ended=2.0)],
        rotations=[Rotation("s1", 2, "a", "b", 1.0), Rotation("s1", 2, "a", "b", 1.1)],
    )
    found = Found(
        revisions={ADA: 2},
        files=there("f1"),
        usages=[Usage(ADA, 10, 0, 1, 100)],
        sessions={"s1": FoundSession(2, "b")},
        held={"s1": "b"},
    )
    for check in (lost_writes, lost_files, double_files, wrong_quotas, second_leaves, mistaken_logouts, revived):
        assert list(check(history, found)) == []


def test_a_lost_write_is_found() -> None:
    history = History(writes=[Write(ADA, 1, sent=1.0, acknowledged=2.0)])
    assert "lost write" in next(lost_writes(history, Found(revisions={ADA: 0})))


def test_a_read_that_is_older_than_an_acknowledged_write_is_found() -> None:
    history = History(writes=[Write(ADA, 1, sent=1.0, acknowledged=2.0)], reads=[Read(ADA, 0, 2.1, 2.2)])
    assert len(list(lost_writes(history, Found()))) == 1


def test_a_read_beside_a_write_may_see_either() -> None:
    writes = [Write(ADA, 1, sent=1.0, acknowledged=2.0)]
    for revision in (0, 1):
        assert list(lost_writes(History(writes=writes, reads=[Read(ADA, revision, 1.5, 1.6)]), Found())) == []


def test_a_value_that_nobody_wrote_is_found() -> None:
    history = History(writes=[Write(ADA, 5, sent=3.0)], reads=[Read(ADA, 5, 1.0, 2.0)])
    assert "nobody had written" in next(lost_writes(history, Found()))


def test_a_lost_file_is_found() -> None:
    assert "is lost" in next(lost_files(History(uploads=[uploaded("f1")]), Found()))


def test_a_file_with_other_bytes_is_found() -> None:
    files = {ADA: {"f1": FoundFile("key-1", 10, "sha-other")}}
    assert "isn't what was uploaded" in next(lost_files(History(uploads=[uploaded("f1")]), Found(files=files)))


def test_a_deleted_file_that_is_back_is_found_and_one_in_doubt_may_be_either() -> None:
    for acknowledged, found in ((True, 1), (False, 0)):
        history = History(uploads=[uploaded("f1")], deletions=[Deletion(ADA, "f1", 2.0, acknowledged)])
        assert len(list(lost_files(history, Found(files=there("f1"))))) == found


def test_two_files_of_one_request_are_found() -> None:
    answered = History(uploads=[uploaded("f1"), uploaded("f2")])
    assert "made 2 files" in next(double_files(answered, Found()))
    unanswered = History(doubtful_uploads=[(ADA, "key-1")])
    assert "2 files of one request" in next(double_files(unanswered, Found(files=there("f1", "f2"))))


def test_a_quota_that_isnt_what_is_stored_is_found() -> None:
    found = Found(files=there("f1"), usages=[Usage(ADA, 20, 0, 2, 100)])
    assert "is charged for" in next(wrong_quotas(History(), found))


def test_a_quota_that_was_exceeded_for_a_moment_is_found() -> None:
    assert "exceeded" in next(wrong_quotas(History(usages=[Usage(ADA, 90, 20, 2, 100)]), Found()))


def test_a_double_spend_is_found_by_what_clients_were_told() -> None:
    """What was asked to be deleted counts no more, and two acknowledgements of one file count once."""
    usages = [Usage(ADA, 0, 0, 0, 100)]
    one = uploaded("f1", size=60, ended=1.0)
    other = uploaded("f2", key="key-2", size=60, ended=3.0)
    assert "double spend" in next(wrong_quotas(History(uploads=[one, other], usages=usages), Found()))
    deleted = [Deletion(ADA, "f1", 2.0)]
    assert list(wrong_quotas(History(uploads=[one, other], deletions=deleted, usages=usages), Found())) == []
    assert list(wrong_quotas(History(uploads=[one, one], usages=usages), Found())) == []


def test_a_second_live_leaf_is_found() -> None:
    history = History(rotations=[Rotation("s1", 2, "a", "b", 1.0), Rotation("s1", 2, "a", "c", 1.1)])
    assert "2 live successors" in next(second_leaves(history, Found()))


def test_a_row_that_another_token_than_the_clients_rotates_is_found() -> None:
    found = Found(sessions={"s1": FoundSession(3, "c")}, held={"s1": "b"})
    assert "another token" in next(second_leaves(History(), found))


def test_a_logout_by_mistake_is_found() -> None:
    held = {"s1": "b"}
    ended = Found(sessions={"s1": FoundSession(2, "b", "refresh_token_reuse")}, held=held)
    assert "by mistake: refresh_token_reuse" in next(mistaken_logouts(History(), ended))
    assert "is gone" in next(mistaken_logouts(History(), Found(held=held)))
    assert list(mistaken_logouts(History(logouts=[Logout("s1", 1.0)]), ended)) == []


def test_a_revoked_token_that_is_let_in_too_late_is_found() -> None:
    history = History(logouts=[Logout("s1", 1.0)], late_uses=[LateUse("s1", 1.5, True), LateUse("s1", 4.0, True)])
    assert list(revived(history, Found())) == ["a token of session s1 was let in 3.0 s after its logout"]
    assert list(revived(history, Found(), [Deaf(0.5, 3.5)])) == []
    assert len(list(revived(history, Found(), [Deaf(5.0, math.inf)]))) == 1


def test_a_refresh_after_a_logout_and_a_session_that_outlived_it_are_found() -> None:
    history = History(logouts=[Logout("s1", 1.0)], rotations=[Rotation("s1", 2, "a", "b", 1.5)])
    assert "refreshed after its logout" in next(revived(history, Found()))
    assert "is alive" in next(
        revived(History(logouts=[Logout("s1", 1.0)]), Found(sessions={"s1": FoundSession(2, "b")}))
    )
