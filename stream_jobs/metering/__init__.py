"""Readings to quarter hours, and the running quarter hour. In: ``readings``. Out: ``intervals``, ``rejected``, ``demand``."""
