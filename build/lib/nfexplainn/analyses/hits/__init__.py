"""Sites of a model's motif rows in intervals, sequences or a whole genome."""
