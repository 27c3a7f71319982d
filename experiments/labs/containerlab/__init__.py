"""The containerlab lab: nodes are containers, joined by containerlab's links."""
