"""The evaluation: tor over this transport, over others and over none, on one machine and emulated links; ``scripts/evaluate``."""
