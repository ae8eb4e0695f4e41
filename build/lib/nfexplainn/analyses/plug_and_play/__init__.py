"""Filters that start from known profiles."""
