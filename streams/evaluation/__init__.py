"""How well the text detector and the playbooks together find what customers say."""
