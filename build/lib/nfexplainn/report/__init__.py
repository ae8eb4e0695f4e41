"""Tables in, MultiQC custom content out; the only place that draws."""
