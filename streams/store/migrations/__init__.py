"""Alembic's script folder: how a database of an older callmood becomes one of this one."""
