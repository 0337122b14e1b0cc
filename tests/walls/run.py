"""Breaks one of the three walls after another, in a copy of the tree, and demands that the canary names it.

    run.py            all of walls.toml
    run.py broker     those with `broker` in their wall or name

For each, one test on a real server with a real daemon must show that the canary names that very wall, that the daemon
halts, and that the other two walls still refuse what this one lets pass. Without a broken wall the same test must fail.

Exit code 0 where every broken wall is named, 3 where one is not, 1 where one cannot be broken or built.
"""

import pathlib
import sys
import time
import tomllib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import broken  # noqa: E402

WALLS = pathlib.Path(__file__).resolve().parent / "walls.toml"
TEST = "canary::a_broken_wall_is_named_halts_everything_and_the_others_hold"


def main():
    wanted = " ".join(sys.argv[1:])
    walls = tomllib.loads(WALLS.read_text())["wall"]
    walls = [wall for wall in walls if wanted in f"{wall['wall']} {wall['name']}"]
    if not walls:
        sys.exit(f"no wall has `{wanted}` in its name")
    broken.copy_tree()
    unnamed = [wall["name"] for wall in walls if not is_named(wall)]
    if not wanted and shows("types"):
        sys.exit("the test passes where no wall is broken: it shows nothing")
    if unnamed:
        print(f"not as it must be: {', '.join(unnamed)}")
        sys.exit(3)
    print(f"{len(walls)} broken walls, each named by the canary; the daemon halted, and the other two held")


def is_named(wall):
    started = time.monotonic()
    with broken.patched(wall, WALLS):
        named = shows(wall["wall"])
    word = "named, halted, the others held" if named else "NOT AS IT MUST BE"
    print(f"{wall['wall']}: {wall['name']}: {word} ({time.monotonic() - started:.0f} s)", flush=True)
    return named


def shows(wall):
    """Whether the test passes with this wall broken."""
    passed, _ = broken.run_test("bus", TEST, ["--ignored"], {"DECILE_BROKEN_WALL": wall})
    return passed


if __name__ == "__main__":
    main()
