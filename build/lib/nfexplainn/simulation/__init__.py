"""Simulated data sets with planted motifs."""
