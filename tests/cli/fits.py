# SPDX-License-Identifier: Apache-2.0
"""Does FILE hold exactly one line, a JSON object that fits its schema?

fits.py SCHEMA_FOLDER NAME FILE: exit 0 if so, 1 with the reason if not, 77 if
there is no validator on this machine."""
import json
import os
import sys

folder, name, path = sys.argv[1:]
try:
    import jsonschema
except ImportError:
    sys.exit(77)

with open(path, encoding="utf-8") as file:
    lines = file.read().splitlines()
if len(lines) != 1:
    sys.exit(f"{len(lines)} lines instead of one")
value = json.loads(lines[0])
with open(os.path.join(folder, name + ".json"), encoding="utf-8") as file:
    schema = json.load(file)
try:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)
except jsonschema.ValidationError as error:
    sys.exit(f"{error.json_path}: {error.message}")
