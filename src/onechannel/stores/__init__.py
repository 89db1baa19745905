"""Stores: keepers of the log. They do not know each other, and are imported where they are used."""
