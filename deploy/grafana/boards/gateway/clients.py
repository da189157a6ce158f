"""Who comes, and whom limits refuse."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query

CLIENTS = Row(
    "Clients",
    [
        Graph(
            title="How many clients are connected?",
            queries=[
                Query("sum(gateway_client_connections{$gateway})", "connections"),
                Query("sum(http_requests_in_flight{$gateway})", "requests in flight"),
            ],
            help="Idle connections cost 3 KiB each.",
        ),
        Graph(
            title="How many streams are open?",
            queries=[Query("sum by (kind) (gateway_streams_open{$gateway})", "{{kind}}")],
            help="WebSockets and event streams; a process holds 10,000.",
            warn=8000,
            alerts=("StreamsNearTheirBound",),
        ),
        Graph(
            title="What ends streams?",
            queries=[Query("sum by (ended_by) (rate(gateway_streams_closed_total{$gateway}[$rate]))", "{{ended_by}}")],
            help="Streams that ended, per second.",
        ),
        Graph(
            title="How near are clients to their limits?",
            queries=[
                Query(
                    """
                    sum by (limit) (rate(gateway_limit_decisions_total{$gateway,outcome="limited"}[$rate]))
                    / sum by (limit) (rate(gateway_limit_decisions_total{$gateway}[$rate]))
                    """,
                    "{{limit}}",
                )
            ],
            help="Share of requests that each limit refuses.",
            unit="percentunit",
            alerts=("ManyRequestsLimited",),
        ),
        Graph(
            title="Who has too many requests at once?",
            queries=[
                Query("sum by (whose) (rate(gateway_concurrency_refusals_total{$gateway}[$rate]))", "one {{whose}}")
            ],
            help="Refused per second: 128 of one user or 512 of one address were being answered already.",
            unit="reqps",
        ),
        Graph(
            title="Do all clients come from one address?",
            queries=[
                Query(
                    """
                    max(gateway_recent_requests_commonest_address{$gateway} / (gateway_recent_requests{$gateway} > 0))
                    """,
                    "share of the commonest address",
                ),
                Query(
                    """
                    sum(rate(gateway_forwarded_for_unheeded_total{$gateway}[$rate]))
                    / sum(rate(http_request_duration_seconds_count{$gateway_routes}[$rate]))
                    """,
                    "X-Forwarded-For not heeded",
                ),
            ],
            help="Much of either says that a proxy in front isn't in TRUSTED_PROXIES.",
            unit="percentunit",
            most=1,
            warn=0.5,
            alerts=("ProxyNotTrusted",),
        ),
    ],
)
