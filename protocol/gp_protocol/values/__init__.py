"""Values and data types: how each crosses the wire, in both directions and for both roles."""
