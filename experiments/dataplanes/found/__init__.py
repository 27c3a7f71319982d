"""Found in a Kubernetes cluster, where the CNI has built the mode: it is recognised and looked at."""
