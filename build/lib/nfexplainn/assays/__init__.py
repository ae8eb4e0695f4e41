"""One module per assay: parse, check, label; each ends in a data set."""
