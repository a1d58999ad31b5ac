"""Everything that is deleted because its days are over: rows, clips, bundles of evidence.

How long each is kept is in `streams.retention_periods`; topics delete by themselves, as
`streams.topics` configures them from the same periods.
"""
