"""Do two motifs do more, or less, together than each alone, and does their distance matter."""
