"""Measurements: what is measured is what is shipped, so nothing here imports torch."""
