"""How the models of the claims room were made."""
