"""The sandbox: test ESIIDs whose premises are made up, and customers who do what the ESIID says (V15 to V17)."""
