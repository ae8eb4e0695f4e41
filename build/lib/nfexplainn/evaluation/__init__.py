"""Predictions, scores, baselines, and the verdict on a data set."""
