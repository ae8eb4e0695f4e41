"""What a model says about sequences that a user gives it."""
