"""How long the live governor takes to decide, by the number of loads that can wait."""
