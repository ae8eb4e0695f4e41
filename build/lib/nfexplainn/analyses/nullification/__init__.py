"""What predictions lose when one filter is ablated."""

MOST_ROWS = 60
"""Groups of filters that are tested: of more, those with the filters of most influence."""
MOST_UNSEEN = 5_000
"""Unseen sequences of each replicate that a network is computed for without each group."""
