"""What was measured, kept and handed over: the ledger, the historian that fills it, reports and their verifier.

In: records of `domain` with their places in the log; a plant and a tariff.  Out: latest and earlier revisions for readers; report folders that
can be checked without us.
"""
