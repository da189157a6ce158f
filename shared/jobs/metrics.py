"""What is told of jobs. Of the queue, which all replicas share, each tells the same. Kinds are few."""

from prometheus_client import Counter, Gauge, Histogram

JOBS = Gauge(
    "jobs", "Jobs in the database, by kind and state: waiting or being done, failed for good.", ("kind", "state")
)
OLDEST = Gauge("jobs_oldest_seconds", "Age of the oldest job that isn't done and hasn't failed.", ("kind",))
OUTCOMES = Counter(
    "job_outcomes_total",
    "What became of attempts: done, retried, failed, expired, returned (by a stop, or as what it needs is away).",
    ("kind", "outcome"),
)
SECONDS = Histogram(
    "job_duration_seconds",
    "Time of an attempt at a job.",
    ("kind",),
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600),
)
RESTING = Gauge("jobs_resting", "1 while a kind rests because what it needs is away.", ("kind",))
