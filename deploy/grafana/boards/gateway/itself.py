"""What the gateway itself costs, knows and takes over."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Number, Query
from deploy.grafana.queries import spread, within

ITSELF = Row(
    "The gateway itself",
    [
        Graph(
            title="What does the gateway itself add?",
            queries=[*spread("gateway_own_seconds{$gateway}", "lane", "{{lane}} lane", 0.5, 0.99)],
            help="Time less the wait for the service; in the slow lane bodies of clients count too.",
            unit="s",
        ),
        Graph(
            title="Is a core used up?",
            queries=[
                Query("rate(process_cpu_seconds_total{$gateway}[$rate])", "{{instance}}"),
            ],
            help="Cores that each gateway uses; a worker uses one at most.",
            alerts=("EventLoopLags",),
        ),
        Graph(
            title="Are credentials known already?",
            queries=[
                Query(
                    """
                    sum(rate(gateway_token_cache_lookups_total{$gateway,result="hit"}[$rate]))
                    / sum(rate(gateway_token_cache_lookups_total{$gateway}[$rate]))
                    """,
                    "known",
                ),
                Query(
                    """
                    sum(rate(gateway_fast_lane_requests_total{$gateway,in="fast_lane"}[$rate]))
                    / sum(rate(gateway_fast_lane_requests_total{$gateway}[$rate]))
                    """,
                    "of those that begin in the fast lane, stay there",
                ),
            ],
            help="A known credential costs no signature check.",
            unit="percentunit",
            most=1,
        ),
        Graph(
            title="How soon is a logout in force?",
            queries=[
                Query(
                    within(0.99, "gateway_revocation_lag_seconds{$gateway}", "instance"),
                    "lag, 99 of 100, {{instance}}",
                ),
                Query("max(gateway_revocation_feed_silence_seconds{$gateway})", "silence of the feed"),
            ],
            help="Promised within a second. The feed is silent for up to 25 s while there is nothing to tell.",
            unit="s",
            alerts=("RevocationFeedSilent", "RevocationsLate", "RevocationsLoadedAgain"),
        ),
        Graph(
            title="How many revocations are remembered?",
            queries=[
                Query("max(gateway_revoked_sessions{$gateway})", "revocations"),
                Query("sum(increase(gateway_revocation_resyncs_total{$gateway}[1h]))", "loaded anew, in an hour"),
            ],
            help="Of the last eleven minutes.",
            alerts=("RevocationsLoadedAgain",),
        ),
        Graph(
            title="Are changed files taken over?",
            queries=[
                Query("sum by (outcome) (increase(gateway_routes_reloads_total{$gateway}[1h]))", "routes {{outcome}}"),
                Query(
                    "sum by (outcome) (increase(gateway_tls_reloads_total{$gateway}[1h]))", "certificate {{outcome}}"
                ),
            ],
            help="Within an hour. A refused one leaves the old one in force.",
            alerts=("RouteFileRefused", "CertificateRefused"),
        ),
        Number(
            title="How long is the certificate good?",
            queries=[Query("min((gateway_tls_certificate_expiry_timestamp_seconds{$gateway} > 0) - time())")],
            help="Empty where TLS ends in front of the gateway.",
            unit="s",
            warn=14 * 86400,
            alarm=3 * 86400,
            least=None,
            alerts=("CertificateEndsSoon", "CertificateEnds"),
            width=6,
        ),
        Graph(
            title="How many workers answer, and how many ended?",
            queries=[
                Query("sum(gateway_workers{$gateway})", "answer"),
                Query("sum(increase(gateway_worker_ends_total{$gateway}[1h]))", "ended, in an hour"),
            ],
            help="Only with WORKERS above 1.",
            alerts=("GatewayWorkersEnd",),
            width=18,
        ),
    ],
)
