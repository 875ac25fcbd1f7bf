"""Projections, buffers and viewsheds; the libraries are imported when first needed."""
