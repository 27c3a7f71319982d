"""What the two labs in Kubernetes share: kubectl, measuring pods, the CNIs' manifests."""
