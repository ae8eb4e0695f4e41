"""Which motifs carry a model, on sequences that it never saw, and how sure that is."""

FEWEST_CLUSTERS = 50
"""Of fewer unseen observations small p are too frequent (``benchmarks/evidence.py``, ``level``)."""
