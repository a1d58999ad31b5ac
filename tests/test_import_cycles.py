"""No two modules import each other, not even over others and for types only.

import-linter's layers refuse most circles, but a package is one line there: within it, only
this test looks.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp

PACKAGES = ("detectors", "playbooks", "streams")


def test_the_imports_have_no_cycle() -> None:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False, cache_dir=None)
    assert len(graph.modules) > 200
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise AssertionError(circle) from None


def test_imports_for_types_alone_are_looked_at() -> None:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False, cache_dir=None)
    assert graph.direct_import_exists(importer="playbooks.alert", imported="playbooks.sensitivity")
