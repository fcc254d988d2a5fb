"""What a Prometheus server scrapes: the hub's own health, and each server's latest sample."""
