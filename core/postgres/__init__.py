"""The database engine named in settings: Django's own for PostgreSQL, but for one error."""
