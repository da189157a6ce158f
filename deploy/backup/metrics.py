"""What a monitor wants to know of the last backup, in the form that Prometheus' node exporter reads from files."""

from datetime import datetime

from deploy.backup.making import Made

_GAUGES = {
    "last_success_timestamp_seconds": "The moment that the last complete backup shows.",
    "duration_seconds": "How long it took.",
    "files": "Blobs that it names.",
    "file_bytes": "Their bytes.",
    "new_file_bytes": "Bytes of those that earlier backups hadn't.",
}


def exposition(made: Made) -> bytes:
    values = {
        "last_success_timestamp_seconds": datetime.fromisoformat(made.manifest.made_at).timestamp(),
        "duration_seconds": round(made.seconds, 3),
        "files": made.manifest.files,
        "file_bytes": made.manifest.file_bytes,
        "new_file_bytes": made.new_bytes,
    }
    lines = []
    for name, value in values.items():
        full = f"colonnade_backup_{name}"
        lines += [f"# HELP {full} {_GAUGES[name]}", f"# TYPE {full} gauge", f"{full} {value}"]
    return ("\n".join(lines) + "\n").encode()
