"""Puts panels onto a dashboard: rows from top to bottom, panels from left to right until 24 columns are full."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy.grafana.panels import SOURCE, Json, Panel, matched

_COLUMNS = 24
_SCHEMA = 39  # Grafana 10.4 writes this one, and later versions read it
_ALL = ".*"


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Board:
    """`jobs` is a regular expression of the programs that can be chosen; `choose` offers them one by one."""

    name: str
    title: str
    purpose: str
    rows: Sequence[Row]
    jobs: str = "gateway|auth_service|user_service|file_service"
    choose: bool = False

    def json(self, runbooks: str) -> Json:
        """Return what Grafana reads. `runbooks` is the address that the pages of alerts lie below."""
        return {
            "uid": f"colonnade-{self.name}",
            "title": f"Colonnade / {self.title}",
            "description": self.purpose,
            "tags": ["colonnade"],
            "schemaVersion": _SCHEMA,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "timezone": "browser",
            "links": [_TO_THE_OTHERS],
            "templating": {"list": self._variables()},
            "annotations": {"list": [self._starts()]},
            "panels": list(self._placed(runbooks)),
        }

    def _placed(self, runbooks: str) -> Iterator[Json]:
        number = top = 0
        for row in self.rows:
            number += 1
            heading = {"h": 1, "w": _COLUMNS, "x": 0, "y": top}
            yield {
                "id": number,
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "gridPos": heading,
                "panels": [],
            }
            left, top, height = 0, top + 1, 0
            for panel in row.panels:
                if left + panel.width > _COLUMNS:
                    left, top, height = 0, top + height, 0
                number += 1
                place = {"h": panel.height, "w": panel.width, "x": left, "y": top}
                yield {"id": number, "gridPos": place, **panel.body(), "links": list(_links(panel, runbooks))}
                left, height = left + panel.width, max(height, panel.height)
            top += height

    def _variables(self) -> list[Json]:
        programs = f'job=~"{self.jobs}"'
        chosen = 'job=~"$service",' if self.choose else f"{programs},"
        services = [_variable("service", "Service", f"label_values(build_info{{{programs}}}, job)", ".+")]
        return [
            _SOURCE_VARIABLE,
            _variable("namespace", "Namespace", f"label_values(build_info{{{programs}}}, namespace)", _ALL),
            *(services if self.choose else ()),
            _variable(
                "instance", "Instance", f'label_values(build_info{{{chosen}namespace=~"$namespace"}}, instance)', _ALL
            ),
        ]

    def _starts(self) -> Json:
        """Return the marks at the moments when a program started: what changed then is often why."""
        when = (
            f'max by (job, instance) (process_start_time_seconds{{job=~"{self.jobs}",namespace=~"$namespace"}}) * 1000'
        )
        return {
            "name": "Starts",
            "datasource": SOURCE,
            "enable": True,
            "iconColor": "light-blue",
            "expr": matched(when),
            "titleFormat": "{{job}} started",
            "textFormat": "{{instance}}",
            "useValueForTime": "on",
        }


def _links(panel: Panel, runbooks: str) -> Iterator[Json]:
    for alert in panel.alerts:
        yield {"title": f"Runbook: {alert}", "url": f"{runbooks}/{alert}.md", "targetBlank": True}


def _variable(name: str, label: str, query: str, everything: str) -> Json:
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": everything,
        "current": {"text": "All", "value": "$__all"},
    }


_SOURCE_VARIABLE: Json = {"type": "datasource", "name": "datasource", "label": "Prometheus", "query": "prometheus"}
_TO_THE_OTHERS: Json = {
    "type": "dashboards",
    "title": "Colonnade",
    "tags": ["colonnade"],
    "asDropdown": False,
    "includeVars": True,
    "keepTime": True,
}
