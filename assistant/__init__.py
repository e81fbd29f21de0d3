"""Speeches, library, retrieval, reading and answers. Knows no screen."""
