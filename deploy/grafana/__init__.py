"""Grafana's dashboards, written as Python and kept as the JSON that Grafana reads."""
