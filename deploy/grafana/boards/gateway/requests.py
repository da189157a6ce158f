"""Which routes are asked for, and which fail or are slow."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Heat, Query, Table
from deploy.grafana.queries import within

REQUESTS = Row(
    "Requests",
    [
        Graph(
            title="Which routes are asked for most?",
            queries=[
                Query(
                    "topk(10, sum by (route) (rate(http_request_duration_seconds_count{$gateway_routes}[$rate])))",
                    "{{route}}",
                )
            ],
            help="Requests per second, by route of the route file; unmatched is a path that no route covers.",
            unit="reqps",
        ),
        Graph(
            title="Which routes fail?",
            queries=[
                Query(
                    """
                    sum by (route, status) (
                      rate(http_request_duration_seconds_count{$gateway_routes,status=~"5.."}[$rate])
                    ) > 0
                    """,
                    "{{route}} {{status}}",
                )
            ],
            help="Requests per second that were answered with 5xx.",
            unit="reqps",
            alerts=("GatewayErrorsBurnFast",),
        ),
        Graph(
            title="Which routes are slow?",
            queries=[
                Query(
                    f"topk(10, {within(0.95, 'http_request_duration_seconds{$gateway_routes}', 'route')})",
                    "{{route}}",
                )
            ],
            help="Time within which 19 of 20 requests were answered. Transfers take as long as the client's line does.",
            unit="s",
            exemplars=True,
            alerts=("GatewayLatencyBurnsFast",),
        ),
        Graph(
            title="What are clients told is wrong?",
            queries=[
                Query("topk(10, sum by (code) (rate(http_problems_total{$gateway}[$rate])))", "{{code}}"),
            ],
            help="Problems that the gateway itself answered with, per second (docs/problems.md).",
            unit="reqps",
        ),
        Heat(
            title="How are answering times spread?",
            queries=[
                Query("sum by (le) (increase(http_request_duration_seconds_bucket{$gateway_routes}[$rate]))", "{{le}}")
            ],
            help="The darker, the more requests took so long.",
            unit="s",
        ),
        Table(
            title="What did each route do of late?",
            queries=[
                Query(
                    """
                    sum by (route, status) (
                      increase(http_request_duration_seconds_count{$gateway_routes}[$__range])
                    )
                    """
                )
            ],
            help="Requests by route and status over the time that is shown.",
            columns={"route": "Route", "status": "Status", "Value": "Requests"},
        ),
    ],
)
