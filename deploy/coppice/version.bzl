"""The version of the package and of the coppice command."""

COPPICE_VERSION = "0.4.0"
