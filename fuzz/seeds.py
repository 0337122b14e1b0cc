"""Writes the fuzz corpora: the shipped rules, the table of cases, the demo's messages. Nothing that is there goes."""

import hashlib
import json
import pathlib
import tomllib

FUZZ = pathlib.Path(__file__).resolve().parent
ROOT = FUZZ.parent


def seed(target, data):
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def message(case):
    keys = ("text", "subject", "sender", "attributes")
    return json.dumps({key: case[key] for key in keys if key in case}, ensure_ascii=False).encode()


def main():
    for path in sorted(ROOT.glob("rules/*.toml")):
        seed("rules", path.read_bytes())
    for path in sorted(ROOT.glob("cases/*.toml")):
        cases = tomllib.loads(path.read_text())
        seed("rules", cases.get("rules", "").encode())
        for refused in cases.get("refused", []):
            seed("rules", refused["rules"].encode())
        for case in cases.get("case", []):
            seed("message", message(case))
    for path in sorted(ROOT.glob("config/demo/messages/*.jsonl")):
        for line in path.read_bytes().splitlines():
            seed("message", line)
    for path in sorted(ROOT.glob("tests/golden/*.pack")):
        seed("pack", b"\0" + path.read_bytes())
        seed("pack", b"\1" + path.read_bytes())
    for target in sorted((FUZZ / "corpus").iterdir()):
        print(f"{target.name}: {len(list(target.iterdir()))} seeds")


main()
