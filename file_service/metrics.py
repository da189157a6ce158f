"""What the file service measures beside what every service does."""

from prometheus_client import Counter, Gauge

UPLOADS = Counter(
    "file_uploads_total", "Uploads, by how they ended: stored, replayed, aborted or an error code.", ("outcome",)
)
BYTES_STORED = Counter("file_bytes_stored_total", "Bytes of files that were stored.")
BYTES_SERVED = Counter("file_bytes_served_total", "Bytes of files that were sent.")
BLOBS_DELETED = Counter("file_blobs_deleted_total", "Blobs deleted from storage.")
SCRUB_BYTES = Counter("file_scrub_bytes_total", "Bytes read to compare them with their hashes.")
SCRUB_FINDINGS = Gauge("file_scrub_findings", "What the last complete scrub found and didn't repair.", ("finding",))
SCRUB_FINISHED = Gauge("file_scrub_finished_timestamp_seconds", "When the last complete scrub ended.")
RESUMABLE_UPLOADS = Counter(
    "file_resumable_uploads_total",
    "What became of resumable uploads: begun, finished, expired, terminated, or refused for what they hold.",
    ("event",),
)
RESUMABLE_BYTES = Counter("file_resumable_bytes_total", "Bytes that resumable uploads took in, durably.")
