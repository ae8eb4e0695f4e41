"""A model of nothing but the units that its prediction needs."""
