"""What people do, in a few lines."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query
from deploy.grafana.queries import spread

TRAFFIC = Row(
    "What do people do?",
    [
        Graph(
            title="How many requests come, and how are they answered?",
            queries=[
                Query(
                    """
                    sum by (class) (label_replace(
                      rate(http_request_duration_seconds_count{$gateway_routes}[$rate]),
                      "class", "${1}xx", "status", "(.).."
                    ))
                    """,
                    "{{class}}",
                )
            ],
            help="Requests per second at the gateway by class of status.",
            unit="reqps",
            stacked=True,
            width=12,
        ),
        Graph(
            title="How long do requests take?",
            queries=[*spread("http_request_duration_seconds{$gateway_routes}", "", "", 0.5, 0.95, 0.99)],
            help="Within which time so many were answered, transfers included. Dots lead to traces.",
            unit="s",
            exemplars=True,
            width=12,
        ),
        Graph(
            title="How many people sign up and in?",
            queries=[
                Query("sum(rate(auth_registrations_total{$auth_service}[$rate])) * 60", "registered"),
                Query(
                    "sum by (outcome) (rate(auth_logins_total{$auth_service}[$rate])) * 60",
                    "login: {{outcome}}",
                ),
            ],
            help="Per minute.",
            alerts=("PasswordsGuessed",),
        ),
        Graph(
            title="How much is stored and fetched?",
            queries=[
                Query("sum(rate(file_bytes_stored_total{$file_service}[$rate]))", "stored"),
                Query("sum(rate(file_bytes_served_total{$file_service}[$rate]))", "sent"),
            ],
            help="Bytes of files per second.",
            unit="Bps",
        ),
        Graph(
            title="How many does a limit refuse?",
            queries=[
                Query(
                    """
                    sum by (limit) (
                      rate(gateway_limit_decisions_total{$gateway,outcome="limited"}[$rate])
                    )
                    """,
                    "{{limit}}",
                )
            ],
            help="Requests per second that were answered with 429.",
            unit="reqps",
            alerts=("ManyRequestsLimited",),
        ),
    ],
)
