"""De novo motif discovery judged by one measure: the motifs of the units, and STREME's."""
