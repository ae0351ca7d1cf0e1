"""What `lastgang baseline` shows of an answer of `baselines`: tables in a terminal, a picture."""
