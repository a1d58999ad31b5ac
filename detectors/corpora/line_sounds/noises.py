"""What is heard on a line when nobody speaks: lines, rooms, vehicles, bodies, desks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.corpora.line_sounds.synthesis import (
    add_at,
    band_pass,
    coloured_noise,
    decay,
    fade,
    harmonics,
    normalise,
    sample_count,
    shape_spectrum,
    sine,
    smooth_track,
)
from detectors.utterance import SAMPLE_RATE

if TYPE_CHECKING:
    from detectors.corpora.line_sounds.synthesis import Wave


def hiss(rng: np.random.Generator, seconds: float) -> Wave:
    """Steady noise of any colour, comfort noise included."""
    wave = coloured_noise(rng, sample_count(seconds), rng.uniform(-0.5, 2))
    points = np.sort(rng.uniform(0, 4_000, 4))
    return shape_spectrum(wave, points, rng.uniform(-15, 5, 4))


def hum(rng: np.random.Generator, seconds: float) -> Wave:
    """Mains hum, 50 or 60 Hz, with buzzing harmonics and a floor of noise."""
    samples = sample_count(seconds)
    mains = float(rng.choice([50, 60])) * rng.uniform(0.998, 1.002)
    weights = rng.uniform(0, 1, 20) / np.arange(1, 21) ** rng.uniform(0.2, 1.5)
    floor = rng.uniform(0.01, 0.3) * coloured_noise(rng, samples, 1)
    return normalise(harmonics(mains, weights, samples)) + floor


def car(rng: np.random.Generator, seconds: float) -> Wave:
    """Tyres and wind (low-passed noise), an engine's orders, some bumps."""
    samples = sample_count(seconds)
    road = coloured_noise(rng, samples, rng.uniform(1, 2.5))
    speed = rng.uniform(25, 70) * (1 + 0.15 * smooth_track(rng, samples, 0.3))
    engine = normalise(harmonics(speed, rng.uniform(0, 1, 12) / np.arange(1, 13), samples))
    wave = road * (1 + 0.2 * smooth_track(rng, samples, 2)) + rng.uniform(0, 0.8) * engine
    for _ in range(rng.poisson(seconds / 3)):
        bump = coloured_noise(rng, sample_count(0.15), 2) * decay(sample_count(0.15), 0.03)
        add_at(wave, rng.uniform(1, 4) * bump, int(rng.integers(samples)))
    return wave


def wind(rng: np.random.Generator, seconds: float) -> Wave:
    """Gusts on a microphone: brown noise that swells, sometimes whistling."""
    samples = sample_count(seconds)
    gust = np.exp(1.2 * smooth_track(rng, samples, rng.uniform(0.5, 4)))
    wave = coloured_noise(rng, samples, rng.uniform(1.2, 2.5)) * gust
    if rng.random() < 0.4:
        centre = rng.uniform(400, 1_200)
        wave += (
            0.4 * gust * normalise(band_pass(rng.standard_normal(samples), centre, centre * 1.1))
        )
    return wave


def rain(rng: np.random.Generator, seconds: float) -> Wave:
    """Many small drops over a hiss."""
    samples = sample_count(seconds)
    wave = rng.uniform(0.05, 0.5) * coloured_noise(rng, samples, rng.uniform(0, 0.8))
    drop = band_pass(rng.standard_normal(sample_count(0.02)), 800, 3_600)
    drop *= decay(drop.size, 0.003)
    for at in rng.integers(0, samples, int(seconds * rng.uniform(10, 120))):
        add_at(wave, rng.exponential(1.0) * drop, int(at))
    return wave


def clicks(rng: np.random.Generator, seconds: float) -> Wave:
    """Crackle, switches, pen clicks: short resonant impulses."""
    wave = rng.uniform(0.001, 0.05) * rng.standard_normal(sample_count(seconds))
    for at in rng.integers(0, wave.size, rng.poisson(seconds * rng.uniform(1, 25)) + 1):
        add_at(wave, _impulse(rng, rng.uniform(0.001, 0.02), rng.uniform(300, 3_500)), int(at))
    return wave


def keyboard(rng: np.random.Generator, seconds: float) -> Wave:
    """Typing in bursts: a press and a fainter release for each key."""
    wave = rng.uniform(0.002, 0.05) * coloured_noise(rng, sample_count(seconds), 1)
    at = rng.uniform(0, 0.3)
    while at < seconds:
        for delay, level in ((0.0, 1.0), (rng.uniform(0.06, 0.12), 0.4)):
            key = _impulse(rng, rng.uniform(0.004, 0.015), rng.uniform(600, 3_500))
            thump = _impulse(rng, 0.012, rng.uniform(120, 350))
            force = level * rng.uniform(0.4, 1)
            add_at(wave, force * key, sample_count(at + delay))
            add_at(wave, 0.5 * force * thump, sample_count(at + delay))
        at += rng.choice([rng.uniform(0.07, 0.25), rng.uniform(0.3, 1.2)], p=[0.85, 0.15])
    return wave


def breath(rng: np.random.Generator, seconds: float) -> Wave:
    """Breathing into the mouthpiece: noise through a wide vocal tract, in and out."""
    wave = rng.uniform(0.001, 0.02) * rng.standard_normal(sample_count(seconds))
    at = 0.0
    while at < seconds:
        length_s = rng.uniform(0.3, 1.8)
        puff = coloured_noise(rng, sample_count(length_s), rng.uniform(0, 1.5))
        puff = _resonances(rng, puff, count=int(rng.integers(1, 4)), depth_db=rng.uniform(5, 18))
        puff *= np.hanning(puff.size) ** rng.uniform(0.5, 2)
        add_at(wave, rng.uniform(0.4, 1) * normalise(puff), sample_count(at))
        at += length_s + rng.uniform(0.1, 1.5)
    return wave


def cough(rng: np.random.Generator, seconds: float) -> Wave:
    """Coughs and sneezes: a burst, then rough noise that dies away; hardly any voice."""
    wave = rng.uniform(0.001, 0.03) * coloured_noise(rng, sample_count(seconds), 1)
    at = rng.uniform(0, 0.3)
    while at < seconds:
        for _ in range(int(rng.integers(1, 4))):
            length = sample_count(rng.uniform(0.15, 0.45))
            burst = _resonances(rng, coloured_noise(rng, length, rng.uniform(0, 1)), 3, 15)
            rough = 1 + 0.6 * smooth_track(rng, length, 60)
            add_at(wave, normalise(burst) * rough * decay(length, 0.06), sample_count(at))
            at += rng.uniform(0.25, 0.5)
        at += rng.uniform(0.4, 2)
    return wave


def machine(rng: np.random.Generator, seconds: float) -> Wave:
    """Vacuum cleaner, fan, drill: a motor's harmonics in broadband noise."""
    samples = sample_count(seconds)
    speed = rng.uniform(60, 500) * (1 + 0.02 * smooth_track(rng, samples, 0.5))
    motor = normalise(harmonics(speed, rng.uniform(0, 1, 14), samples))
    air = coloured_noise(rng, samples, rng.uniform(0, 1.5))
    return air + rng.uniform(0.1, 1.2) * motor


def traffic(rng: np.random.Generator, seconds: float) -> Wave:
    """Vehicles that pass one after the other."""
    samples = sample_count(seconds)
    wave = 0.2 * coloured_noise(rng, samples, 1.5)
    for centre in rng.uniform(0, seconds, 1 + rng.poisson(seconds / 3)):
        away = (np.arange(samples) / SAMPLE_RATE - centre) / rng.uniform(0.5, 2)
        wave += coloured_noise(rng, samples, rng.uniform(0.5, 2)) / (1 + away**2)
    return wave


def handset_noise(rng: np.random.Generator, seconds: float) -> Wave:
    """Rubbing and knocks of a handset against cloth, cheek or table."""
    samples = sample_count(seconds)
    rub = coloured_noise(rng, samples, rng.uniform(0, 2))
    wave: Wave = rub * np.maximum(0, smooth_track(rng, samples, rng.uniform(2, 8))) ** 2
    for at in rng.integers(0, samples, rng.poisson(seconds) + 1):
        add_at(wave, 3 * _impulse(rng, rng.uniform(0.01, 0.06), rng.uniform(60, 600)), int(at))
    return wave


def applause(rng: np.random.Generator, seconds: float) -> Wave:
    """Hands that clap: a few close ones, or a hall."""
    wave = np.zeros(sample_count(seconds))
    for _ in range(int(seconds * np.exp(rng.uniform(np.log(2), np.log(150))))):
        centre = rng.uniform(600, 2_500)
        clap = band_pass(rng.standard_normal(sample_count(0.03)), centre / 1.5, centre * 1.5)
        add_at(
            wave,
            rng.exponential(1.0) * clap * decay(clap.size, 0.005),
            int(rng.integers(wave.size)),
        )
    return wave + 0.02 * rng.standard_normal(wave.size)


def radio_pulses(rng: np.random.Generator, seconds: float) -> Wave:
    """The buzz of a GSM phone near a cable: pulses at 217 Hz in bursts."""
    samples = sample_count(seconds)
    buzz = harmonics(216.7, 1 / np.arange(1, 18) ** 0.3, samples)
    bursts = np.repeat(rng.random(samples // 400 + 1) < rng.uniform(0.3, 0.9), 400)[:samples]
    return normalise(buzz) * bursts + 0.02 * rng.standard_normal(samples)


def dropouts(rng: np.random.Generator, seconds: float) -> Wave:
    """A channel that fails: bursts of full-scale bits, robotic repeats, silence."""
    samples = sample_count(seconds)
    wave = 0.01 * rng.standard_normal(samples)
    for at in rng.integers(0, samples, int(seconds * rng.uniform(1, 6)) + 1):
        period = sample_count(rng.uniform(0.003, 0.02))
        grain = rng.standard_normal(period)
        add_at(wave, np.tile(grain, int(rng.integers(2, 20))), int(at))
    return wave


def bark(rng: np.random.Generator, seconds: float) -> Wave:
    """A dog: short rough sounds whose pitch rises and falls."""
    wave = 0.01 * coloured_noise(rng, sample_count(seconds), 1)
    pitch, at = rng.uniform(250, 700), rng.uniform(0, 0.3)
    while at < seconds:
        length = sample_count(rng.uniform(0.08, 0.2))
        course = pitch * (1 + 0.4 * np.sin(np.pi * np.linspace(0, 1, length)))
        yap = harmonics(course, 1 / np.arange(1, 8) ** 0.5, length)
        yap = normalise(yap) + rng.uniform(0.5, 1.5) * coloured_noise(rng, length, 0.5)
        add_at(wave, yap * np.hanning(length) ** 0.5, sample_count(at))
        at += rng.choice([rng.uniform(0.25, 0.5), rng.uniform(0.6, 2)])
    return wave


def texture(rng: np.random.Generator, seconds: float) -> Wave:
    """Anything that rubs, blows, snorts, scrapes or puffs: bursts of noise in some rhythm.

    Band, envelope, flutter, rate and regularity are drawn, also near the rhythm of speech.
    """
    wave = rng.uniform(0.001, 0.05) * coloured_noise(rng, sample_count(seconds), 1)
    centre, width = np.exp(rng.uniform(np.log(200), np.log(3_000))), rng.uniform(1.1, 3)
    length_s = np.exp(rng.uniform(np.log(0.05), np.log(1.5)))
    rest_s, jitter = length_s * rng.uniform(0, 2), rng.uniform(0, 0.5)
    rise, fall = rng.uniform(0.2, 3, 2)
    flutter_hz, flutter = rng.uniform(15, 90), rng.choice([0.0, 0.0, rng.uniform(0.3, 1)])
    at = 0.0
    while at < seconds:
        samples = sample_count(length_s * rng.uniform(1 - jitter, 1 + jitter))
        place = np.linspace(0, 1, samples)
        burst = coloured_noise(rng, samples, rng.uniform(0, 1))
        burst = band_pass(burst, centre / width, min(3_900.0, centre * width))
        burst *= place**rise * (1 - place) ** fall
        burst *= 1 - flutter * (0.5 + 0.5 * sine(flutter_hz, samples))
        add_at(wave, rng.uniform(0.5, 1) * normalise(burst), sample_count(at))
        at += (samples / SAMPLE_RATE) + rest_s * rng.uniform(1 - jitter, 1 + jitter)
    return wave


def buzz(rng: np.random.Generator, seconds: float) -> Wave:
    """Anything that whirs or idles: harmonics of a low steady pitch, with noise, on and off."""
    samples = sample_count(seconds)
    unsteady = rng.choice([0.0, rng.uniform(0.005, 0.06)])
    speed = np.exp(rng.uniform(np.log(18), np.log(250)))
    track = speed * (1 + unsteady * smooth_track(rng, samples, rng.uniform(0.5, 5)))
    weights = rng.uniform(0, 1, 30) / np.arange(1, 31) ** rng.uniform(0, 1)
    wave = normalise(harmonics(track, weights, samples))
    wave += rng.uniform(0.02, 0.6) * coloured_noise(rng, samples, rng.uniform(0, 2))
    rate = rng.uniform(0.5, 8)
    return wave * (1 if rng.random() < 0.5 else sine(rate, samples) > rng.uniform(-1, 0.7))


def _impulse(rng: np.random.Generator, half_life_s: float, centre_hz: float) -> Wave:
    samples = sample_count(min(0.25, 8 * half_life_s))
    ringing = sine(centre_hz, samples, rng.uniform(0, 6)) + 0.7 * rng.standard_normal(samples)
    return fade(ringing * decay(samples, half_life_s), 0.0005, 0.002)


def _resonances(rng: np.random.Generator, wave: Wave, count: int, depth_db: float) -> Wave:
    centres = np.sort(rng.uniform(300, 3_400, count))
    points = np.linspace(0, 4_000, 60)
    peaks = [np.exp(-(((points - centre) / 200) ** 2)) for centre in centres]
    return shape_spectrum(wave, points, depth_db * (np.max(peaks, axis=0) - 1))
