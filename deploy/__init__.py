"""How callmood is put on machines: a local Kafka, containers, Prometheus, Grafana."""
