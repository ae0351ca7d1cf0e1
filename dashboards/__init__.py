"""Grafana dashboards as code: five dashboards, their data source and file provisioning.

In: `domain.measurements` (names).  Out: dashboard JSON and provisioning files; nothing here talks to a server.
"""
