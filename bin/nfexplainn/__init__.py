"""ExplaiNN, the glass-box network for regulatory genomics, from data set to annotated motifs."""

__version__ = "0.1.0"
