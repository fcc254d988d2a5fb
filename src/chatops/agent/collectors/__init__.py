"""What an agent measures: one file a collector, each cheap, none of them on the event loop.

A collector is a callable that answers with its part of a ``Sample`` and may raise; the
sampler runs it off the loop with a time limit. Those that compute rates keep the last
counters; they are called by one thread at a time.
"""
