"""Scheduled reports: what is due is made by ``lastgang report``, sent, and noted in a book that survives restarts."""
