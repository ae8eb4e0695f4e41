"""Network architectures and the one registry that builds them."""
