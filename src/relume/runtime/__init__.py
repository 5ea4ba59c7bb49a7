"""What runs on a user's machine: engine, pictures, tiles, shipped weights, records. No torch."""
