"""The tamper campaign: signed reports of generated plants, random edits, and what the two verifiers find (docs/evidence-format.md)."""
