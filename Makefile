# Every target with one line: `make`. On a fresh machine only make, Python >= 3.11 and pip are needed.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
export UV_NO_PROGRESS := 1
# Where it is set every process compiles all of its code again: a mill then takes twice as long to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help up console test matrix soak test-torch check audit format bench costs ai-quality chaos crashes grpc keep lock documents kubernetes sbom clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

up: .venv/runtime.stamp ## Start every service on this machine; Ctrl-C stops all of it
	@scripts/console.sh --if-possible
	@exec $(BIN)/filemill up

console: .tools/stamp ## Build the web console (Node >= 20.19 of this machine, else one from PyPI)
	@scripts/console.sh --fetch-node

test: .venv/dev.stamp ## Run the tests; of those with servers and whole mills a sample, by SEED (two cores: about half an hour)
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@scripts/test.sh sample $(SEED)
endif

matrix: .venv/dev.stamp ## Run every test that is not of the level slow, on every set of engines (an hour)
	@scripts/test.sh whole

soak: .venv/dev.stamp ## Two thousand files, half of them broken: no crash, no stuck job, flat memory
	@$(BIN)/python -m pytest tests/failure/test_soak.py -m "slow or not slow" $(ARGS)

test-torch: .venv-torch/stamp ## Run the tests of the extra ai-torch (three minutes, six gigabytes of packages)
	@.venv-torch/bin/python -m pytest -m torch tests/adapters/ai $(ARGS)

check: .venv/dev.stamp ## Formatting, lint, types, walls, document drift, licences, known vulnerabilities (without a network: AUDIT=no)
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python scripts/check_documents.py
	@$(BIN)/python scripts/render_kubernetes.py
	@$(BIN)/python scripts/check_licences.py
	@scripts/console.sh --check
ifeq ($(AUDIT),no)
	@echo "audit left out (AUDIT=no): no dependency was looked up among known vulnerabilities"
else
	@$(BIN)/python scripts/audit.py
endif

audit: .venv/dev.stamp ## Look up every locked dependency among known vulnerabilities (asks osv.dev; without an answer it fails)
	@$(BIN)/python scripts/audit.py

format: .venv/dev.stamp ## Format the code and mend what lint can mend
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: .venv/dev.stamp ## Run the benchmarks, each against its anchor in the same run
	@$(BIN)/python benchmarks/run.py $(ARGS)

# Between 0.45 and 0.56 in four runs on two machines; those of single uploads (G7) differ by half within an hour.
COSTS = G6
costs: .venv/dev.stamp ## What an upload costs in CPU beside its anchor, held against the last that was kept (benchmarks/last.json)
	@$(BIN)/python benchmarks/run.py --only $(COSTS)

ai-quality: .venv/dev.stamp ## Measure what ai says of documents it was not made with (docs/ai-quality.md)
	@$(BIN)/python benchmarks/ai_quality.py $(ARGS)

chaos: .venv/dev.stamp ## Break a real mill under load by a seeded plan, let it heal, audit it (HOURS=, KILLS= a point, ENGINES=servers, ARGS="--seed N")
	@$(BIN)/python chaos/chaos.py $(if $(HOURS),--hours $(HOURS)) $(if $(KILLS),--kills-a-point $(KILLS)) $(if $(ENGINES),--engines $(ENGINES)) $(ARGS)

crashes: .venv/dev.stamp ## The crash harness at length: every named crash point on its own (hours)
	@$(BIN)/python -m pytest tests/failure -m "slow or not slow" $(ARGS)

keep: .venv/dev.stamp ## At a tag: keep a small installation of this version for the tests of upgrades
	@$(BIN)/python scripts/keep_installation.py $(ARGS)

grpc: .venv/dev.stamp .venv-grpc/stamp ## The gRPC example: its environment, its messages, its tests
	@$(BIN)/python -m pytest tests/examples $(ARGS)

lock: .tools/stamp ## Lock dependencies again (names, versions, hashes)
	@scripts/lock.sh $(UV)

documents: .venv/dev.stamp ## Write the generated documents again (OpenAPI, AsyncAPI)
	@$(BIN)/python scripts/check_documents.py --write

kubernetes: documents ## Render deployment/kubernetes/ from deployment/kustomize/ (needs kubectl)
	@$(BIN)/python scripts/render_kubernetes.py --write

sbom: .venv/dev.stamp ## Write what each image is made of (CycloneDX, from its lock) into build/sbom/
	@mkdir -p build/sbom
	@for lock in requirements/images/*.lock; do image=$$(basename $$lock .lock); \
	  $(BIN)/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible --short-PURLs -o build/sbom/$$image.cdx.json $$lock || exit 1; \
	  echo "written: build/sbom/$$image.cdx.json"; done

clean: ## Remove the environments (not the data)
	@rm -rf .venv .venv-torch .venv-grpc .tools web/node_modules src/filemill/gateway/ui

# uv comes from pip into .tools: Debian's Python has pip without ensurepip, so `python -m venv` cannot be relied on.
.tools/stamp: requirements/tools.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: filemill needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 1; }
	@echo "preparing tools"
	@PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .tools -r requirements/tools.lock
	@touch $@

.venv/runtime.stamp: .tools/stamp requirements/filemill.lock requirements/build.lock pyproject.toml
	@echo "preparing the environment"
	@test -x $(BIN)/python || $(UV) venv --quiet --python $$($(PYTHON) -c 'import sys; print(sys.executable)') .venv
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/filemill.lock
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/build.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/runtime.stamp requirements/dev.lock
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.lock
	@touch $@

.venv-grpc/stamp: .tools/stamp requirements/grpc.lock examples/grpc/files.proto
	@echo "preparing the environment of the gRPC example"
	@test -x .venv-grpc/bin/python || $(UV) venv --quiet --python $$($(PYTHON) -c 'import sys; print(sys.executable)') .venv-grpc
	@$(UV) pip install --quiet --python .venv-grpc/bin/python --require-hashes -r requirements/grpc.lock
	@.venv-grpc/bin/python -m grpc_tools.protoc -I examples/grpc --python_out examples/grpc --grpc_python_out examples/grpc files.proto
	@touch $@

.venv-torch/stamp: .tools/stamp requirements/dev.lock requirements/ai-torch.lock pyproject.toml
	@echo "preparing the environment with PyTorch"
	@test -x .venv-torch/bin/python || $(UV) venv --quiet --python $$($(PYTHON) -c 'import sys; print(sys.executable)') .venv-torch
	@$(UV) pip install --quiet --python .venv-torch/bin/python --require-hashes -r requirements/dev.lock -r requirements/ai-torch.lock
	@$(UV) pip install --quiet --python .venv-torch/bin/python --no-deps --no-build-isolation --editable .
	@touch $@
