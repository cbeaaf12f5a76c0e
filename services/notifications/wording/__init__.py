"""In which words: templates as data, filled in by a sandbox, and the pages those words stand on."""
