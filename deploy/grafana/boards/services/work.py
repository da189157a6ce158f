"""Jobs and events: what nobody waits for."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query
from deploy.grafana.queries import within

WORK = Row(
    "Work that nobody waits for",
    [
        Graph(
            title="Does background work keep up?",
            queries=[Query("max by (job, kind) (jobs_oldest_seconds{$services})", "{{job}}: {{kind}}")],
            help="Age of the oldest job of each kind.",
            unit="s",
            alarm=900,
            alerts=("JobsLate",),
        ),
        Graph(
            title="What becomes of jobs?",
            queries=[
                Query(
                    "sum by (job, kind, outcome) (rate(job_outcomes_total{$services}[$rate])) > 0",
                    "{{job}}: {{kind}} {{outcome}}",
                ),
            ],
            help="Attempts per second. Retried ones come back; failed ones are given up.",
            alerts=("JobsFail",),
        ),
        Graph(
            title="How long do jobs take?",
            queries=[
                Query(
                    within(0.95, "job_duration_seconds{$services}", "job, kind"),
                    "{{job}}: {{kind}}",
                )
            ],
            help="19 of 20 attempts.",
            unit="s",
        ),
        Graph(
            title="How late are events applied?",
            queries=[Query("max by (job, feed) (event_lag_seconds{$services})", "{{job}}")],
            help="The newest one that user_service and file_service have heard of; it stays until the next one comes.",
            unit="s",
            alarm=30,
            alerts=("EventsLate", "EventsNotApplied"),
        ),
        Graph(
            title="Which events are applied?",
            queries=[
                Query("sum by (job, type) (rate(events_applied_total{$services}[$rate]))", "{{job}}: {{type}}"),
            ],
            help="Per second.",
            alerts=("EventsNotApplied",),
        ),
        Graph(
            title="Which work rests, as something is away?",
            queries=[Query("max by (job, kind) (jobs_resting{$services})", "{{job}}: {{kind}}")],
            help="1 while it rests; known of kinds that ever did.",
            most=1,
            alerts=("MailServerAway", "JobsLate"),
        ),
    ],
)
