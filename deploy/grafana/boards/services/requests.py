"""What each program answers."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query
from deploy.grafana.queries import within

REQUESTS = Row(
    "Requests of each program",
    [
        Graph(
            title="How many requests does each program answer?",
            queries=[
                Query("sum by (job) (rate(http_request_duration_seconds_count{$program_routes}[$rate]))", "{{job}}"),
            ],
            help="Per second; calls of other programs to private ports left out.",
            unit="reqps",
        ),
        Graph(
            title="What fails where?",
            queries=[
                Query(
                    """
                    sum by (job, route, status) (
                      rate(http_request_duration_seconds_count{$program_routes,status=~"5.."}[$rate])
                    ) > 0
                    """,
                    "{{job}} {{route}} {{status}}",
                )
            ],
            help="Requests per second that were answered with 5xx, by route template.",
            unit="reqps",
        ),
        Graph(
            title="Which routes take longest?",
            queries=[
                Query(
                    f"topk(10, {within(0.95, 'http_request_duration_seconds{$program_routes}', 'job, route')})",
                    "{{job}} {{route}}",
                )
            ],
            help="Time within which 19 of 20 requests were answered.",
            unit="s",
            exemplars=True,
        ),
        Graph(
            title="What are clients told is wrong?",
            queries=[
                Query("topk(10, sum by (job, code) (rate(http_problems_total{$program}[$rate])))", "{{job}} {{code}}"),
            ],
            help="Problems per second (docs/problems.md).",
            unit="reqps",
        ),
        Graph(
            title="How much does each do at once?",
            queries=[Query("sum by (job, instance) (http_requests_in_flight{$program})", "{{job}} {{instance}}")],
            help="Requests in flight. Climbing ones wait for a store.",
        ),
        Graph(
            title="Is a core used up?",
            queries=[Query("rate(process_cpu_seconds_total{$program}[$rate])", "{{job}} {{instance}}")],
            help="Cores. Above 0.7 of one, add a replica (docs/scaling.md).",
        ),
    ],
)
