"""What the snippets of the porting table begin with: imports, one actor class, two actors of it."""
