"""How the network that puts found passages in order was made."""
