# The commands a person needs. The Rust toolchain has to be there; `check` and `test` also need python3 with pip, `start` Core
# Tools and Azurite.

export CARGO_TARGET_DIR ?= $(CURDIR)/target
# Where tools that are not part of the toolchain are installed: outside the tree, once for all clones.
export TOOLS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/biller-onboarding/tools

BIN := $(CARGO_TARGET_DIR)/debug

.PHONY: help run serve test start check audit

help: ## Lists the commands
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

run: ## Onboards sample billers on this machine and ends with a table
	@scripts/stage.sh build cargo build --workspace --bins
	@$(BIN)/local-stack run $(ARGS)

serve: ## The same set stays up for curl until Ctrl-C
	@scripts/stage.sh build cargo build --workspace --bins
	@exec $(BIN)/local-stack serve $(ARGS)

test: ## Everything: build, `make check`, all tests, `make run`
	@scripts/test.sh

start: ## The real Functions host (Core Tools) with Azurite
	@scripts/start.sh

check: ## Format, clippy, documentation, licences and sources of the dependencies, spelling
	@scripts/check.sh

audit: ## Known vulnerabilities of the dependencies
	@scripts/audit.sh
