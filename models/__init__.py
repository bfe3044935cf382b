"""What we keep and every question we ask of it: tables, queries, the one door to PostgreSQL."""
