"""Training: recipes as values, one loop, exact resumption, export. Needs the ``[train]`` extra."""
