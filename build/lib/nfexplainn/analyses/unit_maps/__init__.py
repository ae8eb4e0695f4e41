"""Maps of sequences by the outputs of the units."""
