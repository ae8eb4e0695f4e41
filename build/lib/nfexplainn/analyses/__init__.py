"""Analyses that a user asks for by a parameter: each with its options, its run and its chapter."""
