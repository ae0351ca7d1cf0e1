"""How long an analysis takes, and its battery's bound beside that of peakshaving-analyzer, in one run."""
