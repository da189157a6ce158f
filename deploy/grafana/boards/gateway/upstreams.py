"""How the services behind the gateway do, as it sees them."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query, States
from deploy.grafana.queries import spread

UPSTREAMS = Row(
    "Services behind it",
    [
        States(
            title="Which instances get requests?",
            queries=[
                Query(
                    "min by (upstream, exported_instance) (gateway_upstream_instance_up{$gateway})",
                    "{{upstream}} {{exported_instance}}",
                )
            ],
            help="0 while the gateway has put an instance out for its failures.",
            words={0: ("out", "red"), 1: ("in", "green")},
            alerts=("UpstreamInstanceOut",),
        ),
        Graph(
            title="How long do services take?",
            queries=[*spread("gateway_upstream_seconds{$gateway}", "upstream", "{{upstream}}", 0.5, 0.99)],
            help="From the request to the head of the answer, the wait for a place included.",
            unit="s",
        ),
        Graph(
            title="How do attempts fail?",
            queries=[
                Query(
                    "sum by (upstream, error) (rate(gateway_upstream_failures_total{$gateway}[$rate]))",
                    "{{upstream}}: {{error}}",
                ),
            ],
            help="Per second, by the error types of RFC 9209. Some are mended by sending again.",
            alerts=("UpstreamRetries",),
        ),
        Graph(
            title="How much is in flight, and how much waits?",
            queries=[
                Query("sum by (upstream) (gateway_upstream_in_flight{$gateway})", "{{upstream}}, in flight"),
                Query("sum by (upstream) (gateway_upstream_queue_length{$gateway})", "{{upstream}}, waiting"),
            ],
            help="An instance takes 1,024 at a time; then requests wait half a second at most.",
            alerts=("UpstreamFull",),
        ),
        Graph(
            title="How often is a request sent again, or an instance put out?",
            queries=[
                Query(
                    "sum by (upstream) (rate(gateway_upstream_retries_total{$gateway}[$rate]))",
                    "{{upstream}}, again",
                ),
                Query(
                    "sum by (upstream) (rate(gateway_upstream_ejections_total{$gateway}[$rate]))",
                    "{{upstream}}, put out",
                ),
            ],
            help="Per second.",
            alerts=("UpstreamRetries", "UpstreamInstanceOut"),
        ),
        Graph(
            title="How many connections lead to each service?",
            queries=[
                Query("sum by (upstream, state) (gateway_upstream_connections{$gateway})", "{{upstream}}, {{state}}"),
            ],
            help="Active, idle, or carrying a stream.",
        ),
    ],
)
