"""Packages that need no Java: an image of it with what the programs need, as .deb and as a tarball. See scripts/package --help."""
