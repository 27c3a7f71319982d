"""The fabric: who stands on the underlay with which address, and who peers with whom. Pure."""
