"""How the adapters were made with which claims are embedded."""
