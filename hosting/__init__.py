"""Running an installation: its PostgreSQL, its processes, its first data, its doctor."""
