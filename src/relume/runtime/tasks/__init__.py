"""The tasks of ``relume restore``: which models, in which order, and why."""
