"""The planner beside its own greedy rule and the solver alone: cost against the best known plan, time to the first answer and to 1 %."""
