"""New data, prepared as in training, predicted and scored by the models of an earlier run."""
