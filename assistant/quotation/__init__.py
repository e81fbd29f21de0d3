"""Checking quotations: whether the words stand in a speech, and how."""
