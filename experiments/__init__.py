"""Drivers of single studies that a page of docs/ needs; not part of the installed package."""
