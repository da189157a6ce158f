"""PostgreSQL, as the services see it."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query, States
from deploy.grafana.queries import spread, within

_UP = {0.0: ("away", "red"), 1.0: ("up", "green")}

POSTGRES = Row(
    "PostgreSQL",
    [
        States(
            title="Who can reach PostgreSQL?",
            queries=[Query("min by (job, instance) (database_up{$services})", "{{job}} {{instance}}")],
            help="Whether a connection could be made at the last try.",
            words=_UP,
            alerts=("PostgresAway",),
        ),
        Graph(
            title="Why do requests fail by the database?",
            queries=[
                Query("sum by (job, reason) (rate(database_failures_total{$services}[$rate]))", "{{job}}: {{reason}}"),
            ],
            help="Per second: none could be connected, none came back in time, one was lost, or locks.",
            alerts=("DatabaseFails",),
        ),
        Graph(
            title="Is the pool large enough?",
            queries=[
                Query("sum by (job) (database_pool_size{$services})", "{{job}}, at most"),
                Query("sum by (job) (database_pool_connections{$services,state='open'})", "{{job}}, open"),
                Query("sum by (job) (database_pool_connections{$services,state='idle'})", "{{job}}, idle"),
                Query("sum by (job) (database_pool_waiting{$services})", "{{job}}, waiting"),
            ],
            help="Connections, and who waits for one.",
            alerts=("DatabasePoolFull",),
        ),
        Graph(
            title="How long does one wait for a connection?",
            queries=[
                Query(
                    within(0.95, "database_pool_wait_seconds{$services}", "job"),
                    "{{job}}",
                )
            ],
            help="19 of 20 of those that had to wait.",
            unit="s",
            alarm=0.5,
            alerts=("DatabasePoolFull",),
        ),
        Graph(
            title="Is the database slow?",
            queries=[*spread("database_lent_seconds{$services}", "job", "{{job}}", 0.5, 0.95)],
            help="How long a connection is held, for one statement or a whole transaction.",
            unit="s",
            alarm=0.5,
            alerts=("DatabaseSlow",),
        ),
        Graph(
            title="Is what is over deleted?",
            queries=[
                Query(
                    "sum by (job, exported_job) (increase(rows_purged_total{$services}[1h]))",
                    "{{job}}: {{exported_job}}",
                )
            ],
            help="Rows past their retention, in an hour; looked for every ten minutes.",
        ),
    ],
)
