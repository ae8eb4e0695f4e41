"""What every base adds to a prediction (DeepLIFT), and the motifs in that (TF-MoDISco)."""
