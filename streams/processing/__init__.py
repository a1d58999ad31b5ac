"""The Faust app: ordered consumption, offsets, keyed execution, dead letters."""
