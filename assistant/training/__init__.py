"""Training of the two models that ship with Rapporteur; needs the extra `[train]`."""
