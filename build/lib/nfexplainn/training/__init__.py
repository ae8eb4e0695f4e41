"""Training of models, and their evaluation on their own data set."""
