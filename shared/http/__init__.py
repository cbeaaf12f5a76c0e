"""What every service answers by: a body is one transaction, refusals are problems (RFC 9457)."""
