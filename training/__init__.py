"""How every shipped model was made. Not part of the installed package; see training/README.md."""
