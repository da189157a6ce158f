"""What wears the processes out."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query
from deploy.grafana.queries import within

PROCESSES = Row(
    "Processes",
    [
        Graph(
            title="Does the event loop keep up?",
            queries=[
                Query(
                    within(0.99, "event_loop_lag_seconds{$program}", "job, instance"),
                    "{{job}} {{instance}}",
                )
            ],
            help="How late timers run, 99 of 100. Everything through this process is as late.",
            unit="s",
            warn=0.05,
            alarm=0.1,
            alerts=("EventLoopLags",),
        ),
        Graph(
            title="Does memory grow?",
            queries=[Query("process_resident_memory_bytes{$program}", "{{job}} {{instance}}")],
            help="Pages that programs share count in each.",
            unit="bytes",
        ),
        Graph(
            title="Do tasks leak?",
            queries=[Query("event_loop_tasks{$program}", "{{job}} {{instance}}")],
            help="What only ever grows is a leak.",
        ),
        Graph(
            title="How many descriptors are left?",
            queries=[
                Query("process_open_fds{$program} / process_max_fds{$program}", "{{job}} {{instance}}"),
            ],
            help="Share of the descriptors that are used.",
            unit="percentunit",
            alarm=0.8,
            alerts=("DescriptorsRunOut",),
        ),
        Graph(
            title="Does the log have gaps?",
            queries=[
                Query("sum by (job) (increase(log_lines_dropped_total{$program}[$rate]))", "{{job}}, lost"),
                Query("max by (job) (log_lines_waiting{$program})", "{{job}}, waiting"),
            ],
            help="10,000 lines at most wait for whoever takes the log.",
            alerts=("LogLinesDropped",),
        ),
        Graph(
            title="How often does the garbage collector run?",
            queries=[
                Query(
                    "sum by (job, generation) (rate(python_gc_collections_total{$program}[$rate]))",
                    "{{job}}, generation {{generation}}",
                ),
            ],
            help="Per second. Generation 2 looks at everything.",
        ),
    ],
)
