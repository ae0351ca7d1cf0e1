"""Grafana dashboards as code: three dashboards, their data source and file provisioning.

In: `domain.measurements` (names).  Out: dashboard JSON and provisioning files; nothing here talks to a server.
"""
