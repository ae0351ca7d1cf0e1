"""Doors for measures and events: a TOML file, the API, the page. What is entered goes to its topic, revision by revision."""
