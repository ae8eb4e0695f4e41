"""What the motifs are worth in every cycle of HT-SELEX."""
