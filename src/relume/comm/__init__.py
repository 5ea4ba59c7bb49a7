"""Links: channels, modems, codes, theory and Monte Carlo, in NumPy."""
