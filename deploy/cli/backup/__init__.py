"""Everything the system keeps, in one folder; and a system from that folder."""
