"""Corpora, features, fitting, calibration, measuring and export. Never imported at run time.

Fitting and export need torch and onnx (the ``train`` extra). What measures does not:
`corpora`, `manifests`, `evaluation`, `measures`, `calibration` and `telephone` are numpy,
soundfile and soxr.
"""
