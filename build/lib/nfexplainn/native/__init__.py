"""The compiled kernel: ExplaiNN's units, the scan of all filters, and the dinucleotide shuffle."""
