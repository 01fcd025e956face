"""Prints the models of the services as botocore has them, as JSON: each operation's input, output and errors."""

import json
import os
import sys

import botocore.session


def about(shape):
    """What a shape is, with the constraints that the service checks."""
    facts = {"type": shape.type_name}
    for name in ("min", "max", "pattern", "enum"):
        if name in shape.metadata and shape.metadata[name] not in ([], None):
            facts[name] = shape.metadata[name]
    if shape.type_name == "list" and facts.get("min") == 0:
        del facts["min"]  # It says nothing.
    return facts


def walk(shape, path, required, found):
    if path:
        found[path] = {**about(shape), "required": required}
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            walk(member, f"{path}.{name}" if path else name, name in shape.required_members, found)
    elif shape.type_name == "list":
        walk(shape.member, f"{path}[]", True, found)
    elif shape.type_name == "map":
        walk(shape.value, f"{path}{{}}", True, found)
    return found


def members(shape):
    return walk(shape, "", True, {}) if shape else None


os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
session = botocore.session.get_session()


def operations(service, version):
    model = session.get_service_model(service, version)
    found = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        found[name] = {
            "input": members(operation.input_shape),
            "output": members(operation.output_shape),
            "errors": sorted(shape.name for shape in operation.error_shapes),
        }
    return found


services = {"kms": "2014-11-01", "sts": "2011-06-15", "iam": "2010-05-08"}
json.dump(
    {
        "version": botocore.__version__,
        "services": {service: operations(service, version) for service, version in services.items()},
    },
    sys.stdout,
)
