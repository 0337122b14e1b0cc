"""Takes one after another out of a copy of the tree what keeps messages from being lost or decided twice, and demands that the
checker of `tests/crash` finds it.

    run.py            all of patches.toml
    run.py lease      those with `lease` in their name

Each patch names a test, which must fail, and by a finding of the checker; without a patch it must pass. What a crash meets
is partly chance: a test that passes is tried again, a few times.

Exit code 0 where every patch is found out, 3 where one is not, 1 where one cannot be applied or built.
"""

import pathlib
import re
import sys
import time
import tomllib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import broken  # noqa: E402

PATCHES = pathlib.Path(__file__).resolve().parent / "patches.toml"
TRIES = 3
FINDING = re.compile(r"\d+ findings: (\w+)")


def main():
    wanted = " ".join(sys.argv[1:])
    patches = [patch for patch in tomllib.loads(PATCHES.read_text())["patch"] if wanted in patch["name"]]
    if not patches:
        sys.exit(f"no patch has `{wanted}` in its name")
    broken.copy_tree()
    unnoticed = [patch["name"] for patch in patches if not is_found(patch)]
    for test in sorted({patch["test"] for patch in patches}):
        passed, said = broken.run_test("crash", test)
        if not passed:
            print(said)
            sys.exit(f"`{test}` fails where nothing is taken out: it shows nothing")
    if unnoticed:
        print(f"not found: {', '.join(unnoticed)}")
        sys.exit(3)
    print(f"{len(patches)} patches, each found by the checker")


def is_found(patch):
    started = time.monotonic()
    with broken.patched(patch, PATCHES):
        for _ in range(TRIES):
            passed, said = broken.run_test("crash", patch["test"])
            finding = FINDING.search(said)
            if not passed and finding:
                break
    word = f"found ({finding[1]})" if finding else "NOT FOUND" if passed else "FAILS, BUT NOT BY A FINDING"
    print(f"{patch['name']}: {word}, {time.monotonic() - started:.0f} s", flush=True)
    return finding is not None


if __name__ == "__main__":
    main()
