"""What makes a report checkable without us: keys, disclosed rows with their proofs, the bundle, and both verifiers.

The format is `docs/evidence-format.md`. `verify.py` is written from that page alone, imports nothing of ours and lies in every report.
"""
