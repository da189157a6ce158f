"""What is up, ready and reachable, and what fires."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query, States, Table

_UP = {0.0: ("away", "red"), 1.0: ("up", "green")}

STATE = Row(
    "What is up?",
    [
        States(
            title="Which programs answer?",
            queries=[Query("up{$any_program}", "{{job}} {{instance}}")],
            help="Whether Prometheus could ask each instance for its metrics.",
            words=_UP,
            alerts=("ProgramMissing", "InstanceMissing"),
        ),
        States(
            title="Which programs are ready?",
            queries=[
                Query(
                    "min by (job, instance, check) (readiness_check_ok{$any_program})", "{{job}} {{check}} {{instance}}"
                )
            ],
            help="What each program needs to serve, when /readyz was asked last.",
            words={0: ("missing", "red"), 1: ("ok", "green")},
            alerts=("ProgramNotReady",),
        ),
        States(
            title="Which stores can be used?",
            queries=[
                Query("min by (job) (database_up{$services})", "PostgreSQL from {{job}}"),
                Query("min(gateway_valkey_up{$gateway})", "Valkey: limits"),
                Query("min(gateway_cache_up{$gateway})", "Valkey: cache"),
                Query("min(gateway_revocation_feed_connected{$gateway})", "feed of revocations"),
            ],
            help="As the programs see them.",
            words=_UP,
            alerts=("PostgresAway", "ValkeyAway", "CacheAway", "RevocationFeedSilent"),
        ),
        Table(
            title="Which alerts fire?",
            queries=[Query("sum by (alertname, severity, job) (ALERTS{alertstate='firing'})")],
            help="Each has a page of its name in docs/runbooks.",
            columns={"alertname": "Alert", "severity": "Severity", "job": "Program"},
        ),
        Table(
            title="What runs?",
            queries=[Query("sum by (job, version, python) (build_info{$any_program})")],
            help="Versions of the programs, and how many instances of each.",
            columns={"job": "Program", "version": "Version", "python": "Python", "Value": "Instances"},
            alerts=("VersionsDiffer",),
        ),
        Graph(
            title="How long does each instance run already?",
            queries=[Query("time() - process_start_time_seconds{$any_program}", "{{job}} {{instance}}")],
            help="A saw's teeth are restarts.",
            unit="s",
            alerts=("ProgramRestarts",),
        ),
    ],
)
