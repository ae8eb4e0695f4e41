"""The architectures, a module each; they are found here by their place."""
