"""Loads that can wait, offline: what `lastgang flexible` shows and places."""
