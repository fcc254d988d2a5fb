"""Samples: ingest, chunks, levels, history. See docs/topics/metrics.md."""
