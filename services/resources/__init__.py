"""What is shared: links and files, their versions, the recycle bin, search."""
