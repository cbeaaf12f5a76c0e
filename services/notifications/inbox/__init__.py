"""What people were told, to be read in Copse: signed in, or by the link of a mail."""
