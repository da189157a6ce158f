"""What the file service measures beside what every service does."""

from prometheus_client import Counter, Gauge, Histogram

UPLOADS = Counter(
    "file_uploads_total", "Uploads, by how they ended: stored, replayed, aborted or an error code.", ("outcome",)
)
UPLOADS.labels("insufficient_storage")  # told as 0 from the start: of what begins at 1, an alert sees no increase
BYTES_STORED = Counter("file_bytes_stored_total", "Bytes of files that were stored.")
BYTES_SERVED = Counter("file_bytes_served_total", "Bytes of files that were sent.")
USED_BYTES = Gauge("file_used_bytes", "How much of their quotas all people use, reserved for uploads included.")
OWNERS = Gauge("file_owners", "People who use some of their quota.")
OWNERS_NEAR_QUOTA = Gauge("file_owners_near_quota", "People who use 90 % of their quota or more.")
STORAGE_FREE = Gauge("file_storage_free_bytes", "Room that is left on the disk that files lie on.", ("disk",))
STORAGE_SIZE = Gauge("file_storage_size_bytes", "Size of the disk that files lie on.", ("disk",))
SHARES_CREATED = Counter(
    "file_shares_created_total", "Links made: share to get a file, upload_link to give.", ("kind",)
)
SHARES_OPENED = Counter(
    "file_shares_opened_total", "Attempts to get a file by a share: opened, or an error code.", ("outcome",)
)
SCANS = Counter(
    "file_scans_total", "Files that the virus scanner was asked about, by its verdict or error.", ("verdict",)
)
SCAN_SECONDS = Histogram(
    "file_scan_seconds",
    "How long the virus scanner took for a file.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600),
)
PICTURES = Counter(
    "file_pictures_total",
    "Pictures asked of the processes that make them: made, unreadable, costly, refused.",
    ("outcome",),
)
PICTURE_SECONDS = Histogram("file_picture_seconds", "How long making a picture took.")
PICTURE_WORKERS = Gauge("file_picture_workers", "Pictures that can be made at once.")
PICTURES_MAKING = Gauge("file_pictures_making", "Pictures that are being made now.")
PICTURES_WAITING = Gauge("file_pictures_waiting", "Pictures that wait to be made.")
BLOBS_DELETED = Counter("file_blobs_deleted_total", "Blobs deleted from storage.")
RESUMABLE_UPLOADS = Counter(
    "file_resumable_uploads_total",
    "What became of resumable uploads: begun, finished, expired, terminated, or refused for what they hold.",
    ("event",),
)
RESUMABLE_BYTES = Counter("file_resumable_bytes_total", "Bytes that resumable uploads took in, durably.")
SCRUB_BYTES = Counter("file_scrub_bytes_total", "Bytes read to compare them with their hashes.")
SCRUB_FINDINGS = Gauge("file_scrub_findings", "What the last complete scrub found and didn't repair.", ("finding",))
SCRUB_FINISHED = Gauge("file_scrub_finished_timestamp_seconds", "When the last complete scrub ended.")
