"""Who takes part: organizations, facilities, services, agreements, crews and credentials."""
