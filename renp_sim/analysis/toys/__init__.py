"""Addressed toys: experiments that are repeated, fitted and kept, block by block."""
