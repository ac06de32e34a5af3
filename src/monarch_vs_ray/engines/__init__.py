"""Per engine: how it is started quietly and stopped completely, and what it can do here."""
