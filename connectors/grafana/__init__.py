"""Dashboards into a running Grafana by its HTTP API. In: dashboard documents. Out: Grafana's answers."""
