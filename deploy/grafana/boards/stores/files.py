"""Where files lie: room, use, scrubs and backups."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Number, Query

_DAY = 86400

FILES = Row(
    "Files",
    [
        Graph(
            title="How much room is left?",
            queries=[
                Query("min(file_storage_free_bytes{$file_service})", "free"),
                Query("max(file_storage_size_bytes{$file_service})", "size of the disk"),
                Query("max(file_used_bytes{$file_service})", "used by people"),
            ],
            help="Of the disk that files lie on; the first two are missing with an object store.",
            unit="bytes",
            alerts=("StorageFillsUp", "StorageFull"),
        ),
        Number(
            title="When is the disk full, if it goes on like today?",
            queries=[
                Query(
                    """
                    min(file_storage_free_bytes{$file_service}
                      / clamp_min(-deriv(file_storage_free_bytes{$file_service}[1d]), 1))
                    """
                )
            ],
            help="From the day's trend; decades where it doesn't grow.",
            unit="s",
            warn=14 * _DAY,
            alarm=3 * _DAY,
            alerts=("StorageFillsUp",),
        ),
        Graph(
            title="How many people are near their quota?",
            queries=[
                Query("max(file_owners_near_quota{$file_service})", "use 90 % or more"),
                Query("max(file_owners{$file_service})", "have files"),
            ],
            help="People.",
        ),
        Graph(
            title="How much goes in and out?",
            queries=[
                Query("sum(rate(file_bytes_stored_total{$file_service}[$rate]))", "stored"),
                Query(
                    "sum(rate(file_resumable_bytes_total{$file_service}[$rate]))",
                    "of that, or on its way, resumable",
                ),
                Query("sum(rate(file_bytes_served_total{$file_service}[$rate]))", "sent"),
                Query("sum(rate(file_scrub_bytes_total{$file_service}[$rate]))", "looked through"),
            ],
            help="Bytes per second.",
            unit="Bps",
        ),
        Graph(
            title="How many blobs are deleted?",
            queries=[Query("sum(rate(file_blobs_deleted_total{$file_service}[$rate]))", "blobs")],
            help="Per second.",
        ),
        Graph(
            title="Is everything stored as it should be?",
            queries=[Query("max by (finding) (file_scrub_findings{$file_service})", "{{finding}}")],
            help="What the last complete scrub found and didn't mend.",
            alarm=1,
            alerts=("ScrubFindings",),
        ),
        Number(
            title="When was everything looked through last?",
            queries=[Query("time() - max(file_scrub_finished_timestamp_seconds{$file_service} > 0)")],
            help="Empty until FILE_SCRUB_DAYS or make scrub has come to its end.",
            unit="s",
            warn=14 * _DAY,
            alerts=("ScrubOverdue",),
        ),
        Number(
            title="How old is the last backup?",
            queries=[Query("time() - max(colonnade_backup_last_success_timestamp_seconds)")],
            help="From backup.prom, by the node exporter's textfile collector (docs/backup.md).",
            unit="s",
            warn=26 * 3600,
            alarm=7 * _DAY,
            alerts=("BackupOverdue", "BackupMissing"),
        ),
        Graph(
            title="What do backups cost?",
            queries=[
                Query("max(colonnade_backup_duration_seconds)", "seconds"),
                Query("max(colonnade_backup_files)", "files"),
            ],
            help="The last one.",
        ),
    ],
)
