"""Data sets: what every assay is turned into, and what is done to it."""
