"""What `walls/run.py`, `crash/run.py` and `mutants/run.py` have in common: a copy of the tree, and one patch at a time in it.

Where a test runs the binary, the copy lies in `broken` under the target directory, and is built there: a `decile` that lacks
something must not come to lie where somebody takes it for a whole one.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
COPY = TARGET / "broken" / "tree"
BUILT = TARGET / "broken" / "built"


def copy_tree(copy=COPY):
    """The files that git knows or would add: as they are, not as they were committed. Each is new to cargo, which
    goes by times and may have built something broken last."""
    shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        source, target = ROOT / name, copy / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


@contextlib.contextmanager
def patched(patch, patches, copy=COPY):
    """The copy with a patch in it. `patches`: the file that the patch is from, for whoever must correct it."""
    path = copy / patch["file"]
    text = path.read_text()
    count = text.count(patch["find"])
    if count != 1:
        sys.exit(f"`{patch['name']}`: its line stands {count} times in {patch['file']}; correct {patches}")
    path.write_text(text.replace(patch["find"], patch["replace"]))
    try:
        yield
    finally:
        path.write_text(text)


def run_test(suite, test, more=(), environment=None):
    """Builds the copy and runs one test of a suite: whether it passed, and all that it said."""
    tests = ["cargo", "test", "--locked", "--test", suite]
    environment = os.environ | {"CARGO_TARGET_DIR": str(BUILT), "RUST_BACKTRACE": "0"} | (environment or {})
    built = subprocess.run(tests + ["--no-run"], cwd=COPY, env=environment, capture_output=True, text=True)
    if built.returncode != 0:
        sys.exit(f"the tree does not build\n{built.stderr}")
    ran = subprocess.run(tests + ["--", "--exact", test, *more], cwd=COPY, env=environment, capture_output=True, text=True)
    said = ran.stdout + ran.stderr
    if f"test {test} ... " not in said:
        sys.exit(f"there is no test `{test}`\n{said}")
    if os.environ.get("VERBOSE"):
        print(said)
    return ran.returncode == 0, said
