"""Takes one test after another out of the classifier, in a copy of the tree, and demands that the suite fails.

    run.py            all mutants of mutants.toml
    run.py none       those with `none` in their name

The copy lies in `mutants` under the target directory, and is built beside everything else.

A mutant decides otherwise, so both the table of cases and the second classifier must say so: a test that fails for
another reason is no proof that anybody would see it.

Exit code 0 where every mutant is noticed by both, 3 where one is not, 1 where a mutant cannot be made or built.
"""

import os
import pathlib
import re
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import broken  # noqa: E402

# Few of the oracle's cases are enough: what it must find is not rare. Always the same, so that a run repeats.
TESTS = ["cargo", "test", "--locked", "--lib", "classify::"]
WITNESSES = ["cases::every_case_holds", "oracle::the_naive_classifier_agrees"]
ENVIRONMENT = {"DECILE_ORACLE_SEED": "1", "DECILE_ORACLE_CASES": "5000", "RUST_BACKTRACE": "0"}


def main():
    wanted = " ".join(sys.argv[1:])
    mutants = tomllib.loads((HERE / "mutants.toml").read_text())["mutant"]
    mutants = [mutant for mutant in mutants if wanted in mutant["name"]]
    if not mutants:
        sys.exit(f"no mutant has `{wanted}` in its name")
    copy = broken.TARGET / "mutants"
    broken.copy_tree(copy)
    failed, seconds = run(copy)
    if failed is None or failed:
        sys.exit(f"without a mutant the tests must pass: {failed}")
    print(f"no mutant: the tests pass ({seconds:.0f} s)", flush=True)
    alive = [mutant["name"] for mutant in mutants if not is_noticed(copy, mutant)]
    if alive:
        print(f"not noticed: {', '.join(alive)}")
        sys.exit(3)
    print(f"{len(mutants)} mutants, all noticed")


def is_noticed(copy, mutant):
    with broken.patched(mutant, HERE / "mutants.toml", copy):
        failed, seconds = run(copy)
    if failed is None:
        sys.exit(f"`{mutant['name']}` does not build; correct {HERE / 'mutants.toml'}")
    blind = [witness for witness in WITNESSES if witness not in failed]
    noticed = f"noticed by {', '.join(failed)}" if failed else "noticed by nothing"
    what = f"{noticed}; NOT BY {', '.join(blind)}" if blind else noticed
    print(f"{mutant['name']}: {what} ({seconds:.0f} s)", flush=True)
    return not blind


def run(copy):
    """The tests that fail, `None` where they do not build; and how long it took."""
    started = time.monotonic()
    environment = os.environ | ENVIRONMENT | {"CARGO_TARGET_DIR": str(broken.TARGET)}
    built = subprocess.run(TESTS + ["--no-run"], cwd=copy, env=environment, capture_output=True, text=True)
    if built.returncode != 0:
        print(built.stderr)
        return None, 0
    ran = subprocess.run(TESTS, cwd=copy, env=environment, capture_output=True, text=True)
    failed = re.findall(r"^test (\S+) \.\.\. FAILED", ran.stdout, re.MULTILINE)
    if ran.returncode != 0 and not failed:
        # A test that took the whole run with it.
        failed = ["a run that ended early"]
    return [name.removeprefix("classify::tests::") for name in failed], time.monotonic() - started


if __name__ == "__main__":
    main()
