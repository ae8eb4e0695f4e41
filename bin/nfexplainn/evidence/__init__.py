"""Which motifs carry a model, on sequences that it never saw, and how sure that is."""
