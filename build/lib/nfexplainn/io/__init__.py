"""Files: text, sequences, coordinates, genomes and peaks, as people have them."""
