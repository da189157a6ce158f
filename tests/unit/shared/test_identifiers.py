import time
from itertools import pairwise
from uuid import UUID

import pytest

from shared.errors import AppError, NotFound
from shared.ids import uuid7


def test_row_ids_are_uuids_of_version_7() -> None:
    made = [uuid7() for _ in range(1000)]
    assert {(each.version, each.variant) for each in made} == {(7, UUID(int=2 << 62).variant)}
    assert len(set(made)) == 1000


def test_row_ids_of_later_milliseconds_sort_later(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for millisecond in (0, 1, 2, 1_700_000_000_000, 1_700_000_000_001, 2**47):
        monkeypatch.setattr(time, "time_ns", lambda now=millisecond: now * 1_000_000)
        made.append(uuid7())
    assert all(earlier < later for earlier, later in pairwise(made))


def test_row_id_tells_its_time() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= uuid7().int >> 80 <= time.time_ns() // 1_000_000


def test_an_error_code_belongs_to_one_error() -> None:
    with pytest.raises(TypeError, match="'not_found' is taken by NotFound"):
        type("Absent", (AppError,), {"code": "not_found", "status": 404, "title": "Absent"})
    assert AppError.registry["not_found"] is NotFound


def test_an_error_may_be_defined_again_by_a_module_that_is_loaded_again() -> None:
    again = type("NotFound", (AppError,), {
        "__module__": "shared.errors", "__qualname__": "NotFound", "code": "not_found", "status": 404, "title": "T",
    })  # fmt: skip
    assert AppError.registry["not_found"] is again
    AppError.registry["not_found"] = NotFound
