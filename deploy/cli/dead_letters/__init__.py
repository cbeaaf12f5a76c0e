"""What services have set aside: dead letters, and parked events that are tried again by themselves."""
