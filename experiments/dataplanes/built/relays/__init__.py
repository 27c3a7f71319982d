"""Our relays: one process a node, doing in user space what flanneld's proxy and weaver do. Standard library only."""
