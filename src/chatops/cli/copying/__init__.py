"""``chatops cp``: what its words mean, the copies it makes, and what it says of them."""
