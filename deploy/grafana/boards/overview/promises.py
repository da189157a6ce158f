"""Whether the two promises of the gateway are kept."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Number, Query

PROMISES = Row(
    "Are the promises kept?",
    [
        Number(
            title="How many requests fail now?",
            queries=[Query("max(colonnade:gateway_error_ratio:rate5m{namespace=~'$namespace'})")],
            help="Share of requests answered with 5xx over five minutes. 0.1 % over 30 days are promised.",
            unit="percentunit",
            warn=0.001,
            alarm=0.0144,
            alerts=("GatewayErrorsBurnFast", "GatewayErrorsBurnSlowly"),
            width=4,
        ),
        Number(
            title="How many requests are slow now?",
            queries=[Query("max(colonnade:gateway_slow_ratio:rate5m{namespace=~'$namespace'})")],
            help="Share of requests that took longer than half a second, transfers left out. 1 % over 30 days may.",
            unit="percentunit",
            warn=0.01,
            alarm=0.144,
            alerts=("GatewayLatencyBurnsFast", "GatewayLatencyBurnsSlowly"),
            width=4,
        ),
        Number(
            title="How much may still fail this month?",
            queries=[
                Query(
                    """
                    1 - sum(sum_over_time(colonnade:gateway_errors:rate5m{namespace=~'$namespace'}[30d]))
                      / sum(sum_over_time(colonnade:gateway_requests:rate5m{namespace=~'$namespace'}[30d])) / 0.001
                    """
                )
            ],
            help="What is left of the errors that 30 days may have (or as many as Prometheus keeps).",
            unit="percentunit",
            warn=0.5,
            alarm=0.1,
            least=None,
            momentary=True,
            alerts=("GatewayErrorsBurnSlowly",),
            width=4,
        ),
        Number(
            title="How much may still be slow this month?",
            queries=[
                Query(
                    """
                    1 - sum(sum_over_time(colonnade:gateway_slow:rate5m{namespace=~'$namespace'}[30d]))
                      / sum(sum_over_time(colonnade:gateway_timed:rate5m{namespace=~'$namespace'}[30d])) / 0.01
                    """
                )
            ],
            help="What is left of the slow requests that 30 days may have, or as many as Prometheus keeps.",
            unit="percentunit",
            warn=0.5,
            alarm=0.1,
            least=None,
            momentary=True,
            alerts=("GatewayLatencyBurnsSlowly",),
            width=4,
        ),
        Graph(
            title="How fast do the budgets burn?",
            queries=[
                Query(
                    "colonnade:gateway_error_ratio:rate1h{namespace=~'$namespace'} / 0.001", "errors, 1 h {{namespace}}"
                ),
                Query(
                    "colonnade:gateway_error_ratio:rate6h{namespace=~'$namespace'} / 0.001", "errors, 6 h {{namespace}}"
                ),
                Query("colonnade:gateway_slow_ratio:rate1h{namespace=~'$namespace'} / 0.01", "slow, 1 h {{namespace}}"),
                Query("colonnade:gateway_slow_ratio:rate6h{namespace=~'$namespace'} / 0.01", "slow, 6 h {{namespace}}"),
            ],
            help="1 uses a budget up in 30 days. Above 14.4 for an hour, or 6 for six hours, somebody is called.",
            warn=6,
            alarm=14.4,
            alerts=("GatewayErrorsBurnFast", "GatewayLatencyBurnsFast"),
            width=8,
        ),
    ],
)
