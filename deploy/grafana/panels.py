"""The kinds of panels that the dashboards are made of. A panel's title asks a question; its queries answer it.

In queries `$gateway`, `$auth_service`, `$services` and so on stand for the matchers that choose a program's series, so
that what another program calls by the same name never counts; `[$rate]` is the time that rates are taken over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, ClassVar

Json = dict[str, Any]

SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
_PLACE = 'namespace=~"$namespace",instance=~"$instance"'
_PROGRAMS = ("gateway", "auth_service", "user_service", "file_service")
_MATCHERS = {
    **{name: f'job="{name}",{_PLACE}' for name in _PROGRAMS},
    "services": f'job=~"{"|".join(_PROGRAMS[1:])}",{_PLACE}',
    "program": f'job=~"$service",{_PLACE}',
    "gateway_routes": f'job="gateway",{_PLACE},route!~"/.*"',  # what begins with a slash is the private port's
    "program_routes": f'job=~"$service",{_PLACE},route!~"/(readyz|livez|metrics|internal/.*)"',
    "any_program": f'job=~"{"|".join(_PROGRAMS)}",namespace=~"$namespace"',
    "rate": "$__rate_interval",
}
_GREEN, _ORANGE, _RED = "green", "orange", "red"


def matched(expression: str) -> str:
    """Put the matchers in the place of their names, and leave Grafana's own variables as they are."""
    return Template(" ".join(expression.split())).safe_substitute(_MATCHERS)


@dataclass(frozen=True, slots=True)
class Query:
    """`legend` names a series by its labels: `{{route}}`."""

    expression: str
    legend: str = ""

    def target(self, letter: str) -> Json:
        legend = {"legendFormat": self.legend} if self.legend else {}
        return {"refId": letter, "datasource": SOURCE, "editorMode": "code", "expr": matched(self.expression), **legend}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """`help` says how to read it, and `alerts` are those that watch the same, whose runbooks it leads to.

    `warn` and `alarm` colour values from there on; where `alarm` is the smaller one, from there downwards.
    """

    title: str
    queries: Sequence[Query]
    help: str
    unit: str = "short"
    alerts: Sequence[str] = ()
    width: int = 8
    height: int = 7
    warn: float | None = None
    alarm: float | None = None
    least: float | None = 0
    most: float | None = None

    kind: ClassVar[str]

    def body(self) -> Json:
        """Return what Grafana is told, but for where it stands."""
        targets = [query.target(chr(ord("A") + n)) | self.asking() for n, query in enumerate(self.queries)]
        return {
            "type": self.kind,
            "title": self.title,
            "description": self.help,
            "datasource": SOURCE,
            "targets": targets,
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": self.options(),
        }

    def asking(self) -> Json:
        """Return how Prometheus is asked: over the time that is shown, or for one moment."""
        return {"range": True}

    def custom(self) -> Json:
        return {}

    def options(self) -> Json:
        return {}

    def mappings(self) -> list[Json]:
        return []

    def _defaults(self) -> Json:
        bounds = {name: value for name, value in (("min", self.least), ("max", self.most)) if value is not None}
        return {
            "unit": self.unit,
            **bounds,
            "color": {"mode": self.colour()},
            "custom": self.custom(),
            "mappings": self.mappings(),
            "thresholds": {"mode": "absolute", "steps": self._steps()},
        }

    def colour(self) -> str:
        return "palette-classic"

    def _steps(self) -> list[Json]:
        marks = [(value, colour) for value, colour in ((self.warn, _ORANGE), (self.alarm, _RED)) if value is not None]
        if self.warn is not None and self.alarm is not None and self.alarm < self.warn:
            return _steps(_RED, [(self.alarm, _ORANGE), (self.warn, _GREEN)])
        return _steps(_GREEN, marks)


def _steps(lowest: str, marks: Sequence[tuple[float, str]]) -> list[Json]:
    return [{"color": lowest, "value": None}, *({"color": colour, "value": value} for value, colour in marks)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph(Panel):
    """Lines over time; `stacked` where the parts make a whole, with the totals beside the legend."""

    stacked: bool = False
    exemplars: bool = False
    kind = "timeseries"

    def asking(self) -> Json:
        return {"range": True, "exemplar": True} if self.exemplars else {"range": True}

    def custom(self) -> Json:
        stacking = {"mode": "normal" if self.stacked else "none", "group": "A"}
        marks = "line" if self.warn is not None or self.alarm is not None else "off"
        return {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 40 if self.stacked else 8,
            "showPoints": "never",
            "stacking": stacking,
            "thresholdsStyle": {"mode": marks},
        }

    def options(self) -> Json:
        return {
            "legend": {
                "displayMode": "table",
                "placement": "bottom",
                "showLegend": True,
                "calcs": ["lastNotNull", "max"],
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Panel):
    """One number now, over a line of how it came to be; not where `momentary`, as looking back for weeks costs much."""

    momentary: bool = False
    kind = "stat"

    def asking(self) -> Json:
        return {"instant": True} if self.momentary else {"range": True}

    def colour(self) -> str:
        return "thresholds"

    def options(self) -> Json:
        return {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "colorMode": "background",
            "graphMode": "none" if self.momentary else "area",
            "textMode": "auto",
            "orientation": "auto",
            "justifyMode": "auto",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class States(Panel):
    """A bar for each series over time; `words` say what values mean, and in which colour."""

    words: Mapping[float, tuple[str, str]]
    kind = "state-timeline"

    def colour(self) -> str:
        return "thresholds"

    def custom(self) -> Json:
        return {"lineWidth": 0, "fillOpacity": 70}

    def mappings(self) -> list[Json]:
        texts = {f"{value:g}": {"text": text, "color": colour} for value, (text, colour) in self.words.items()}
        return [{"type": "value", "options": texts}]

    def options(self) -> Json:
        return {
            "showValue": "never",
            "mergeValues": True,
            "rowHeight": 0.8,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "single", "sort": "none"},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat(Panel):
    """Where a histogram's observations fall over time. Its one query gives the increase of buckets, by `le`."""

    kind = "heatmap"

    def asking(self) -> Json:
        return {"range": True, "format": "heatmap"}

    def options(self) -> Json:
        return {
            "calculate": False,
            "color": {"mode": "scheme", "scheme": "Oranges", "scale": "exponential", "exponent": 0.5, "steps": 64},
            "yAxis": {"unit": self.unit, "axisPlacement": "left"},
            "cellGap": 1,
            "filterValues": {"le": 1e-9},
            "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": False},
            "legend": {"show": True},
            "exemplars": {"color": "rgba(255,0,255,0.7)"},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Panel):
    """A line for each combination of labels, now. `columns` are the headings of labels, and of `Value`."""

    columns: Mapping[str, str]
    kind = "table"

    def asking(self) -> Json:
        return {"instant": True, "format": "table"}

    def body(self) -> Json:
        return Panel.body(self) | {"transformations": self._transformations()}

    def colour(self) -> str:
        return "thresholds"

    def options(self) -> Json:
        return {"showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"], "fields": ""}}

    def _transformations(self) -> list[Json]:
        shown = {"include": {"names": list(self.columns)}}
        order = {name: n for n, name in enumerate(self.columns)}
        return [
            {"id": "merge", "options": {}},
            {"id": "filterFieldsByName", "options": shown},
            {"id": "organize", "options": {"indexByName": order, "renameByName": dict(self.columns)}},
        ]
