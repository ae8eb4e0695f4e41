"""Which binding modes a model has found."""
