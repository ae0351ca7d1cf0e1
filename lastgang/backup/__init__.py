"""A plant's data as one folder that can be checked, and back: configuration, ledger, keys, reports, states of the jobs, what the gateway has not sent."""
