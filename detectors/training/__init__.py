"""Features, fitting, calibration, model cards and export. Never imported at run time.

Needs torch and onnx (the ``train`` extra). `detectors.corpora` and `detectors.evaluation`, which
it uses, do not.
"""
