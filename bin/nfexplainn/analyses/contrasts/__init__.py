"""What differs between data sets."""
