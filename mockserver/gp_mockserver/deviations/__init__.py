"""How a site departs from the protocol on purpose: what can be asked for, by name, and how it is done."""
