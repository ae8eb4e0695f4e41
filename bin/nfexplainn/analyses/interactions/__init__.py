"""Pairs of motifs that do more, or less, together than their sum."""
