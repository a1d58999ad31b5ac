"""Speech and text corpora: manifests, layouts of public corpora, the telephone channel."""
