"""What variants do to the predictions of a model, split by motif."""
