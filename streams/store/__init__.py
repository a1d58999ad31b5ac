"""The database: tables, engine, migrations, retention."""
