"""How good detectors are: metrics, calibration, bootstrap, reports. Runs without torch."""
