"""Everything a person or a program touches: the page, the terminal, JSON."""
