"""What a program is made of, as CycloneDX: Maven knows the JARs, and the Java beside them is added here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab.proc import LabError

from .image import MODULES, full_version
from .installation import JARS


def read(program: str, image: Path) -> bytes:
    """The list that cyclonedx-maven-plugin has left in the folder of the JAR, completed."""
    file = JARS[program].with_name("bom.json")
    try:
        listed: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        raise LabError(f"{file} is missing: run 'mvn package org.cyclonedx:cyclonedx-maven-plugin:makeBom'") from None
    return (json.dumps(with_java(listed, full_version(image)), indent=2, ensure_ascii=False) + "\n").encode()


def with_java(listed: dict[str, Any], version: str) -> dict[str, Any]:
    """With a component for Java, on which the program depends."""
    java = f"pkg:generic/openjdk@{version.replace('+', '%2B')}"
    component = {
        "type": "platform",
        "bom-ref": java,
        "name": "OpenJDK",
        "version": version,
        "description": f"runtime image of the modules {', '.join(MODULES)}",
        "licenses": [{"expression": "GPL-2.0-only WITH Classpath-exception-2.0"}],
        "purl": java,
    }
    program = listed["metadata"]["component"]["bom-ref"]
    dependencies = [
        {**entry, "dependsOn": [*entry.get("dependsOn", []), java]} if entry["ref"] == program else entry
        for entry in listed.get("dependencies", [])
    ]
    return {**listed, "components": [*listed.get("components", []), component], "dependencies": [*dependencies, {"ref": java, "dependsOn": []}]}
