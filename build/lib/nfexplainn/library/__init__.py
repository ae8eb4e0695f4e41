"""The package as a library: results as data frames, for a notebook."""
