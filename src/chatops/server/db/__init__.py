"""The hub's data: three SQLite files, their tables, and the migrations between versions."""
