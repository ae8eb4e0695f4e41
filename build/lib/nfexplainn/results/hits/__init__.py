"""Sites of a model's motif rows: where they are, from which score on, and what they contribute."""
