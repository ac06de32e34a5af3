"""The code that precedes each snippet of the porting table: imports, one actor class, two actors of it."""
