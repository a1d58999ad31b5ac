"""Locks Kafka's jars anew, for maintainers: ``make lock-kafka``."""

from __future__ import annotations

from jgo.env import EnvironmentBuilder, EnvironmentSpec
from jgo.env._lockfile import LockFile, compute_spec_hash
from jgo.maven import MavenContext

from streams.kafka.local.jars import LOCK, TIMEOUT_S

SPEC = LOCK.with_name("jgo.toml")


def lock() -> int:
    """Resolve `SPEC` anew and write `LOCK`; for maintainers. Returns how many jars there are."""
    spec = EnvironmentSpec.load(SPEC)
    context = MavenContext(timeout=TIMEOUT_S)
    dependencies = EnvironmentBuilder(context=context).spec_to_dependencies(spec)
    inputs, transitive = context.resolver.resolve(dependencies)
    lockfile = LockFile.from_resolved_dependencies(
        [*inputs, *transitive], environment_name=spec.name, spec_hash=compute_spec_hash(SPEC)
    )
    lockfile.dependencies.sort(key=lambda jar: (jar.groupId, jar.artifactId))
    lockfile.save(LOCK)
    return len(lockfile.dependencies)
