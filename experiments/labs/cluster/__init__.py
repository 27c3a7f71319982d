"""The cluster lab: a Kubernetes cluster that exists already."""
