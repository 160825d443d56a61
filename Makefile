# Every target installs what it needs first (eng/install), and says what it does in one line of `make help`.
.PHONY: help demo test unit soak publish bench clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## backs up, changes, verifies and restores a real database and a code folder in a temporary place
	@eng/publish >/dev/null
	@eng/demo

test: ## builds and runs every suite; the last line tells the count
	@eng/test all

unit: ## only the three unit suites, and how long they took
	@eng/test unit

soak: ## every suite, with the kill, damage and failure campaigns run whole
	@LARDER_SOAK=1 eng/test all

publish: ## the program, in artifacts/larder
	@eng/publish

bench: ## side by side with restic; the table is written to artifacts/bench/latest.md
	@eng/publish >/dev/null
	@bench/compare/run
	@bench/compare/check

clean: ## removes what was built; downloaded tools stay
	@find src tests bench -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
	@find artifacts -mindepth 1 -maxdepth 1 ! -name tools -exec rm -rf {} + 2>/dev/null || true
