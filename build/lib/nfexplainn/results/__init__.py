"""A results folder as an instrument: its data sets, models and tables, and new predictions."""
