"""Which licences what we ship may have. Pure: reads a CycloneDX document.

They let anybody use, change and pass on what they cover, as part of something under Apache-2.0, against a notice. A
package that says nothing, or something else, is told of, and a person looks at it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Bom = Mapping[str, Any]

ALLOWED = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0"),
        *("PSF-2.0", "Python-2.0", "Unlicense", "Zlib"),
        # As the older classifiers of packages put it.
        "License :: OSI Approved :: Apache Software License",
        "License :: OSI Approved :: BSD License",
        "License :: OSI Approved :: MIT License",
    }
)
_BETWEEN = re.compile(r"\s+(?:AND|OR)\s+|[()]")


def licences(component: Mapping[str, Any]) -> list[str]:
    """Return what a component says of itself: SPDX ids, expressions of them, or classifiers."""
    said = component.get("licenses", [])
    return [
        each.get("expression") or each["license"].get("id") or each["license"].get("name", "")
        for each in said
        if "expression" in each or "license" in each
    ]


def refused(bom: Bom) -> Iterator[str]:
    """Yield a line for each Python package whose licence isn't on the list. The system's are its distribution's."""
    for component in bom["components"]:
        if not str(component.get("purl", "")).startswith("pkg:pypi/"):
            continue
        said = licences(component)
        words = [word.strip() for text in said for word in _BETWEEN.split(text) if word.strip()]
        if not words or not ALLOWED.issuperset(words):
            yield f"{component['name']} {component['version']}: {' and '.join(said) or 'says nothing'}"
