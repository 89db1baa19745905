"""Adapters: foreign shapes in, this library's commands out, without I/O."""
