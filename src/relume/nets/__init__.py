"""Networks, one paper a file. They know torch and their own blocks: nothing of data, losses or paths."""
