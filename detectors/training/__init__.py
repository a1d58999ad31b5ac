"""Corpora, features, fitting, calibration, measuring and export. Never imported at run time.

Only the modules that fit need torch (the ``train`` extra): `hearing`, `fitting_voice` and
`fitting_text`. Measuring needs numpy, soundfile and soxr.
"""
