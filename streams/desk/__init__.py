"""What agents and supervisors look at, live."""
