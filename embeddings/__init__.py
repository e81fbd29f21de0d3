"""Texts to vectors to nearest rows. Knows no speech, no question and no screen."""
