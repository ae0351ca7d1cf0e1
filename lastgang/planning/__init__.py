"""What the planner (``scheduling/planner``) needs of the world: processes to work in, and words for its answer."""
