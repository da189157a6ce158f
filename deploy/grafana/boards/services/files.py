"""file_service: uploads, pictures, links."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query
from deploy.grafana.queries import within

FILES = Row(
    "Files (file_service)",
    [
        Graph(
            title="How do uploads end?",
            queries=[
                Query("sum by (outcome) (rate(file_uploads_total{$file_service}[$rate]))", "{{outcome}}"),
                Query(
                    "sum by (event) (rate(file_resumable_uploads_total{$file_service}[$rate]))",
                    "resumable: {{event}}",
                ),
            ],
            help="Per second.",
            alerts=("StorageFull",),
        ),
        Graph(
            title="Do pictures keep up?",
            queries=[
                Query("sum(file_picture_workers{$file_service})", "at once, at most"),
                Query("sum(file_pictures_making{$file_service})", "being made"),
                Query("sum(file_pictures_waiting{$file_service})", "waiting"),
            ],
            help="More waiting than made for long: raise FILE_PICTURE_WORKERS, with a CPU for each.",
        ),
        Graph(
            title="How long do pictures take?",
            queries=[
                Query(
                    within(0.95, "file_picture_seconds{$file_service}"),
                    "19 of 20",
                ),
            ],
            help="To make one that wasn't kept yet.",
            unit="s",
        ),
        Graph(
            title="What becomes of pictures?",
            queries=[Query("sum by (outcome) (increase(file_pictures_total{$file_service}[1h]))", "{{outcome}}")],
            help="Asked for in an hour, of those that weren't kept yet.",
        ),
        Graph(
            title="Which links are made and used?",
            queries=[
                Query("sum by (kind) (increase(file_shares_created_total{$file_service}[1h]))", "made: {{kind}}"),
                Query("sum by (outcome) (increase(file_shares_opened_total{$file_service}[1h]))", "used: {{outcome}}"),
            ],
            help="In an hour.",
        ),
    ],
)
