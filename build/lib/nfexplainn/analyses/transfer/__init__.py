"""Units that are the outputs of trained models."""
