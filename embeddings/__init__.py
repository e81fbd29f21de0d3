"""Texts to vectors to nearest rows. Knows no speech, no question and no screen."""

import os

# onnxruntime reads it when it is imported. Without it each process looks up an address of its
# maker's and writes what it did to a file in the user's home.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
