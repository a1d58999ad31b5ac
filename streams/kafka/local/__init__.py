"""A real single-node Apache Kafka that needs neither Docker nor Maven nor a Java of one's own."""
