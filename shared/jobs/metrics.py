"""What is told of jobs. Of the queue, which all replicas share, each tells the same. Kinds are few."""

from prometheus_client import Counter, Gauge

JOBS = Gauge(
    "jobs", "Jobs in the database, by kind and state: waiting or being done, failed for good.", ("kind", "state")
)
OLDEST = Gauge("jobs_oldest_seconds", "Age of the oldest job that isn't done and hasn't failed.", ("kind",))
OUTCOMES = Counter(
    "job_outcomes_total",
    "What became of attempts: done, retried, failed, expired, returned (by a stop, or as what it needs is away).",
    ("kind", "outcome"),
)
RESTING = Gauge("jobs_resting", "1 while a kind rests because what it needs is away.", ("kind",))
