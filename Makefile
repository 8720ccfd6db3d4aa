# Every target is a cargo line or two, so nobody needs make; it only saves typing.
# Plain `make` lists them.

# Flags live in .cargo/config.toml. A RUSTFLAGS in the environment, even an empty one, replaces
# them and compiles everything again, RocksDB included.
ifneq ($(origin RUSTFLAGS),undefined)
$(error RUSTFLAGS is set, which would replace the flags of .cargo/config.toml and compile RocksDB again: run `unset RUSTFLAGS` first)
endif
ifneq ($(origin CARGO_ENCODED_RUSTFLAGS),undefined)
$(error CARGO_ENCODED_RUSTFLAGS is set, which would replace the flags of .cargo/config.toml and compile RocksDB again: run `unset CARGO_ENCODED_RUSTFLAGS` first)
endif

# ccache by PATH and not by CC and CXX: their change would run RocksDB's build script again.
# Without the directory in the hash, a fresh clone finds what another one compiled; the language is
# in the hash too, so one for all, or CI would compile again what a terminal did.
export PATH := /usr/lib/ccache:$(PATH)
export CCACHE_NOHASHDIR := 1
export LANG := C.UTF-8
unexport LC_ALL LC_CTYPE LC_MESSAGES

# The packages that never see RocksDB.
FAST := -p cartwheel -p cartwheel-actors -p cartwheel-client -p cartwheel-simulation -p cartwheel-tests -p cartwheel-change-feed -p cartwheel-counter -p cartwheel-expiry -p cartwheel-tally

# What CI runs, in this order; all in the dev profile, so that RocksDB is compiled once.
CHECKS := fmt-check test-fast lint doc test planted sim demo

.PHONY: help demo setup test test-fast planted sim golden bench check fmt fmt-check lint doc
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: ## install what building RocksDB needs; instant when it is there
	@scripts/setup

demo: setup ## three nodes, real data, one of them killed on the way
	cargo build -p cartwheel-cli
	@scripts/demo

test: setup ## every test
	cargo test --workspace

test-fast: ## the tests that need no RocksDB
	cargo test $(FAST)

planted: setup ## each planted bug must turn a check red
	cargo test -p cartwheel-storage --features planted-bugs planted
	cargo test -p cartwheel-tests --features planted-bugs --test simulation_planted

sim: ## simulated clusters: RUNS=1000 seeds of each kind, or SEED=7 with all that happens in it; KIND=bad-disks
	cargo run --quiet --release -p cartwheel-simulation --bin campaign -- $(if $(SEED),--seed $(SEED),--runs $(or $(RUNS),100)) $(if $(KIND),--kind $(KIND))

golden: ## write the golden bytes anew; the difference is a change of format
	CARTWHEEL_GOLDEN=rewrite cargo test -p cartwheel-tests --test golden

bench: setup ## what the core costs, then a cluster of three and of five nodes; in the release profile
	cargo bench -p cartwheel-benches
	cargo build --release -p cartwheel-cli
	@scripts/bench

check: setup ## what CI runs: format, tests, lints, docs, planted bugs, simulated clusters, demo
	@scripts/steps $(CHECKS)

fmt: ## format the code
	cargo fmt --all

fmt-check: ## is the code formatted?
	cargo fmt --all -- --check

lint: setup ## clippy with warnings denied; licences and sources where cargo-deny is installed
	cargo clippy --workspace --all-targets -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then echo cargo deny --workspace check bans licenses sources && cargo deny --workspace check bans licenses sources; \
	else echo "lint: SKIPPED licences, bans and sources: cargo-deny is not installed (cargo install cargo-deny --locked)"; fi

doc: setup ## the documentation, with warnings denied
	RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps
