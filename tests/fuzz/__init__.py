"""Broken inputs by the thousand, through the real steps."""
