"""What the panels ask, where the same is asked of many metrics."""

from collections.abc import Iterator

from deploy.grafana.panels import Query

_NAMES = {0.5: "half", 0.95: "19 of 20", 0.99: "99 of 100"}


def within(share: float, histogram: str, by: str = "") -> str:
    """Ask within which time this share of a histogram's observations lies, for each combination of the labels `by`.

    `histogram` is its name and matchers, `x_seconds{$gateway}`.
    """
    name, brace, matchers = histogram.partition("{")
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({name}_bucket{brace}{matchers}[$rate])))"


def spread(histogram: str, by: str, legend: str, *shares: float) -> Iterator[Query]:
    """Ask the same for several shares, which the legend tells apart."""
    for share in shares:
        yield Query(within(share, histogram, by), f"{legend}, {_NAMES[share]}".removeprefix(", "))
