"""Execute the chapters: each once, alone, in parallel, kept by what it depends on."""
