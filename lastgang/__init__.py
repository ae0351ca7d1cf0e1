"""The command line that wires the rooms together."""
