# The commands of this repository. They need the Rust toolchain and bash; `check` and `test` also need python3 with pip and
# Node with npm, `test` curl, `bench` Node with npm, `package` python3 with pip, and `start` Core Tools and Node with npm.

export CARGO_TARGET_DIR ?= $(CURDIR)/target
# Tools that are not part of the toolchain are installed here: outside the repository, once for all clones.
export TOOLS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/biller-onboarding/tools

BIN := $(CARGO_TARGET_DIR)/debug

.PHONY: help run serve test fuzz host-recording bench start azurite check audit infra bicep package package-check

help: ## Lists the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 24

# Azurite is installed where the arguments ask for it: make serve ARGS="--storage azurite"
INSTALL_STORAGE = $(if $(findstring azurite,$(ARGS)),@scripts/tools.sh azurite)

run: ## Onboards sample billers on this machine and shows what came of them
	$(INSTALL_STORAGE)
	@scripts/stage.sh build cargo build --workspace --bins
	@$(BIN)/local-stack run $(ARGS)

serve: ## Starts the same stack for curl; Ctrl-C ends it (ARGS="--storage azurite": its queues are in Azurite)
	$(INSTALL_STORAGE)
	@scripts/stage.sh build cargo build --workspace --bins
	@exec $(BIN)/local-stack serve $(ARGS)

test: ## Runs everything: build, `make check`, all tests, `make run`
	@scripts/test.sh

host-recording: ## Writes tests/host_recording/: what the handler answers to each envelope, and the host to each caller
	@HOST_RECORDING=write cargo test --test integration host_recording::handler

fuzz: ## Tries a million mutated inputs of each kind, with a new seed (FUZZ_INPUTS, FUZZ_SEED)
	@FUZZ_INPUTS=$${FUZZ_INPUTS:-1000000} FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)} scripts/stage.sh fuzz \
		cargo test --profile fuzz --locked --test integration fuzzing -- --nocapture

bench: ## Measures the handler and a Node peer (docs/performance.md)
	@scripts/stage.sh build cargo build --release --locked --package biller-onboarding --package benches --bins
	@$(CARGO_TARGET_DIR)/release/bench $(ARGS)

start: ## Runs the real Functions host (`func start`) with simulator and Azurite; Ctrl-C ends it (ARGS=--fresh: an empty database)
	@scripts/stage.sh build cargo build --workspace --bins
	@exec $(BIN)/local-stack start --installer scripts/tools.sh $(ARGS)

azurite: ## Installs Azurite, the storage emulator that tests start, into $TOOLS
	@scripts/tools.sh azurite

check: ## Checks format, clippy, documentation, licences and sources of the dependencies, spelling, infra/, the workflows
	@scripts/check.sh

audit: ## Checks the dependencies for known vulnerabilities
	@scripts/audit.sh

infra: ## Checks infra/ against docs/SETTINGS.md and shows the app settings
	@scripts/infra.sh

bicep: ## Compiles infra/ with Microsoft's compiler, where it is installed
	@scripts/bicep.sh

package: ## Builds what is deployed: target/package/biller-onboarding.zip, its sha256 and its SBOM
	@scripts/package.sh

package-check: ## Builds the package twice and checks it (docs/deployment.md)
	@scripts/package_check.sh
