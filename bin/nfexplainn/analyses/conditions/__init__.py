"""Which motifs differ between the conditions of an experiment, with samples as the unit."""
