"""Kafka clients: administration, producing, consuming; `local` runs a broker of one's own."""
