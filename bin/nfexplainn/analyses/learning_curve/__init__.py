"""How the score, and the number of supported motifs, grow with the data."""
