"""What predictions lose when one filter is ablated."""
