"""Files: whatever was acknowledged is there, once, byte for byte; and the quota is what is stored."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.chaos.history import Found, History, Upload


def lost_files(history: History, found: Found) -> Iterator[str]:
    gone = {deletion.file_id for deletion in history.deletions}
    surely_gone = {deletion.file_id for deletion in history.deletions if deletion.acknowledged}
    for upload in history.uploads:
        there = found.files.get(upload.owner, {}).get(upload.file_id)
        if there is None and upload.file_id not in gone:
            yield f"file {upload.file_id} of {upload.owner} was acknowledged, and is lost"
        elif there is not None and upload.file_id in surely_gone:
            yield f"file {upload.file_id} of {upload.owner} was deleted, and is back"
        elif there is not None and there.sha256 != upload.sha256:
            yield f"file {upload.file_id} of {upload.owner} isn't what was uploaded"


def double_files(history: History, found: Found) -> Iterator[str]:
    """One idempotency key makes one file, however often the request is sent, and whoever answers."""
    answers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for upload in history.uploads:
        answers[upload.owner, upload.key].add(upload.file_id)
    for (owner, key), file_ids in answers.items():
        if len(file_ids) > 1:
            yield f"one request of {owner} ({key}) made {len(file_ids)} files"
    known = {upload.key for upload in history.uploads} | {key for _, key in history.doubtful_uploads}
    for owner, files in found.files.items():
        for name, count in Counter(file.name for file in files.values() if file.name in known).items():
            if count > 1:
                yield f"{owner} has {count} files of one request ({name})"


def wrong_quotas(history: History, found: Found) -> Iterator[str]:
    """What counts against a quota is what is stored, and is never more than the quota."""
    for usage in (*history.usages, *found.usages):
        if usage.stored + usage.reserved > usage.quota:
            yield f"{usage.owner} holds {usage.stored + usage.reserved} bytes of {usage.quota}: the quota is exceeded"
    for usage in found.usages:
        files = found.files.get(usage.owner, {})
        stored = sum(file.size for file in files.values())
        if (usage.stored, usage.files) != (stored, len(files)):
            yield (
                f"{usage.owner} is charged for {usage.files} files of {usage.stored} bytes, "
                f"and has {len(files)} of {stored}"
            )
    quota = max((usage.quota for usage in history.usages), default=None)
    if quota is not None:
        yield from _double_spends(history, quota)


def _double_spends(history: History, quota: int) -> Iterator[str]:
    """By the clients' own accounts: what was acknowledged and not asked to be deleted never exceeds the quota."""
    first: dict[str, Upload] = {}
    for upload in sorted(history.uploads, key=lambda upload: upload.ended):
        first.setdefault(upload.file_id, upload)
    changes: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    for upload in first.values():
        changes[upload.owner].append((upload.ended, upload.size))
    for deletion in history.deletions:
        if deletion.file_id in first:
            changes[deletion.owner].append((deletion.sent, -first[deletion.file_id].size))
    for owner, steps in changes.items():
        held = 0
        for _, size in sorted(steps):
            held += size
            if held > quota:
                yield f"{owner} was allowed {held} bytes of {quota} at once: a double spend"
                break
