"""Motifs: formats, comparison (Tomtom), reference sets, logos."""
