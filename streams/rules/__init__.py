"""The playbooks in force: read, judged, taken while calls go on."""
