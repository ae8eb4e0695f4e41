"""What chapters of the report are written with: the results, and the page."""
