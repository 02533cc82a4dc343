# `make demo` and `make test` are all that a newcomer needs; `make help` lists the rest.
#
#   make test VERSION=3.15               with that minor version of Python, in .venv-3.15
#   make test PYTEST_ARGS='-k select'    anything for pytest
#   make setup PYTHON=/path/to/python    with this Python and no other
#   make verify SPIN=/path/to/spin       with this spin and no other

SHELL := bash
.SHELLFLAGS := -euc
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# Not from the environment, where the name may mean anything.
VERSION :=
PYTEST_ARGS :=
BENCH_ARGS :=
DEMO_ARGS :=
SPIN :=

VENV := $(if $(filter-out 3.14,$(VERSION)),.venv-$(VERSION),.venv)
PY := $(VENV)/bin/python
STEP := .ci/step
# pip as this machine is set up (its files, PIP_*); locked, and without asking whether there is a newer pip.
PIP := $(PY) -m pip --disable-pip-version-check --no-input

# With it and no byte code every interpreter, so every actor, would compile anew all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# A virtual environment that happens to be active is not ours.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH
# The checker that the wheel holds, instead of fetching another.
export PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT := 1

C_FILES = $(shell find native tests/native tests/fuzz tests/bench/native tests/conformance tests/ffi examples -name '*.[ch]' 2>/dev/null)

##@ Try it

.PHONY: demo
demo: setup ## run the demonstration (DEMO_ARGS='--path FOLDER ...')
	@$(VENV)/bin/csp demo $(DEMO_ARGS)

.PHONY: test
test: setup native-test ## run all tests, in C and in Python (VERSION=3.15, PYTEST_ARGS=...)
	@$(PY) -m pytest $(PYTEST_ARGS)

.PHONY: bench
bench: setup ## run the benchmarks (BENCH_ARGS=...)
	@$(PY) -m tests.bench $(BENCH_ARGS)

##@ Prepare

# Two makes at once must not fill one environment; the second waits here and then finds everything up to date.
LOCKED := $(if $(shell command -v flock),flock build/setup.lock)

.PHONY: setup
setup: ## find or fetch a Python, make .venv, install what is locked, build csp in place
	@mkdir -p build
	@$(LOCKED) $(MAKE) --silent $(VENV)/.csp-installed

# What pip does to a virtual environment leaves its stamp inside, so that deleting the environment deletes the stamps.
# Absolute paths are in there too: one that came from another place is made anew.
ifneq ($(shell cat $(VENV)/.place 2>/dev/null),$(CURDIR))
.PHONY: $(PY)
endif
$(PY):
	@python=$$(PYTHON='$(PYTHON)' .ci/provide-python $(VERSION)) && \
	$(STEP) venv "$(VENV) of $$("$$python" -V)" "$$python" -m venv --clear $(VENV) && \
	echo '$(CURDIR)' >$(VENV)/.place

$(VENV)/.test-installed: .ci/test.lock $(PY)
	@$(STEP) install "installing what csp, its build and its tests need" \
		$(PIP) install --require-hashes --requirement .ci/test.lock
	@touch $@

# Folders count as well: their time changes when a file comes or goes.
$(VENV)/.csp-installed: $(VENV)/.test-installed pyproject.toml csp/ffi/declarations.py $(shell find native -name __pycache__ -prune -o -print)
	@$(STEP) build "building csp and installing it in place" \
		$(PIP) install --no-build-isolation --no-deps --config-settings=cmake.define.CSP_WERROR=ON --editable .
	@touch $@

$(VENV)/.lint-installed: .ci/lint.lock $(VENV)/.test-installed
	@$(STEP) install-lint "installing the checkers" $(PIP) install --require-hashes --requirement .ci/lint.lock
	@touch $@

# Without csp itself: what the C tests need.
.PHONY: setup-tools
setup-tools:
	@mkdir -p build
	@$(LOCKED) $(MAKE) --silent $(VENV)/.test-installed

.PHONY: setup-lint
setup-lint: setup-tools
	@$(LOCKED) $(MAKE) --silent $(VENV)/.lint-installed

##@ Check

.PHONY: lint
lint: setup setup-lint ## ruff, mypy, pyright, clang-format; the stub of csp._native; the types that users see; changes
	@$(STEP) ruff "ruff check" $(PY) -m ruff check
	@$(STEP) ruff-format "ruff format --check" $(PY) -m ruff format --check
	@$(STEP) mypy "mypy --strict" $(PY) -m mypy --strict csp
	@$(STEP) pyright "pyright" $(PY) -m pyright
	@$(STEP) stubtest "csp/_native.pyi against the extension" $(PY) -m mypy.stubtest csp._native
	@$(STEP) typing "right and wrong uses (tests/typing)" $(PY) -m tests.typing
	@$(STEP) changes "docs/changes can be joined" $(PY) -m towncrier build --draft
	@$(STEP) clang-format "clang-format" \
		$(VENV)/bin/clang-format --style=file:native/.clang-format --dry-run -Werror $(C_FILES)

.PHONY: changes
changes: setup-lint ## join the files of docs/changes into CHANGELOG.md, and delete them
	@$(PY) -m towncrier build --yes

.PHONY: format
format: setup-lint ## rewrite Python and C as lint wants it
	@$(PY) -m ruff check --fix --exit-zero --quiet
	@$(PY) -m ruff format --quiet
	@$(VENV)/bin/clang-format --style=file:native/.clang-format -i $(C_FILES)

# $(call native-tests,name,title,cmake options,wrapper): one build of the C tests in build/name, and a run of them.
# The generator and its program are named because the environment's ninja moves with VERSION. One test at a time: they
# are about threads, and two programs on two processors would measure each other.
define native-tests
	@$(STEP) $(1)-configure "C tests, $(2): configuring" $(VENV)/bin/cmake -S native -B build/$(1) -G Ninja \
		-DCMAKE_MAKE_PROGRAM='$(CURDIR)/$(VENV)/bin/ninja' -DCSP_WERROR=ON $(3)
	@$(STEP) $(1)-build "C tests, $(2): building" $(VENV)/bin/cmake --build build/$(1)
	@$(STEP) $(1)-test "C tests, $(2): running" $(4) $(VENV)/bin/ctest --test-dir build/$(1) --output-on-failure \
		--no-tests=error
endef

# $(call extension-tests,name,title,sanitizers): csp._native for Python, in build/, under tests of the Python layers.
define extension-tests
	@$(STEP) python-$(1)-build "csp._native, $(2): building" \
		.ci/sanitized-extension build $(3) $(PY) build/python-$(1)$(VENV:.venv%=%)
	@$(STEP) python-$(1)-test "csp._native, $(2): running" \
		.ci/sanitized-extension test $(3) $(PY) build/python-$(1)$(VENV:.venv%=%)
endef

# Old thread sanitizers die where the kernel spreads addresses widely; setarch turns that off, where it may.
FIXED_ADDRESSES = $(shell setarch -R true 2>/dev/null && echo setarch -R)

export TSAN_OPTIONS := halt_on_error=1:second_deadlock_stack=1
export UBSAN_OPTIONS := print_stacktrace=1

.PHONY: native-test
native-test: setup-tools ## run the C tests of the core
	$(call native-tests,native,plain)

.PHONY: sanitize
sanitize: setup-tools ## run the C tests and the extension under sanitizers
	$(call native-tests,native-thread,thread sanitizer,-DCSP_SANITIZE=thread,$(FIXED_ADDRESSES))
	$(call native-tests,native-address,address and undefined,-DCSP_SANITIZE=address$(comma)undefined)
	$(call native-tests,native-pthread,pthread parker,-DCSP_PARK=pthread)
	$(call extension-tests,thread,thread sanitizer,thread)
	$(call extension-tests,address,address and undefined,address$(comma)undefined)

comma := ,

.PHONY: verify
verify: ## search the models of the core's waiting with spin, and break each to see that it is noticed
	@SPIN='$(SPIN)' tests/promela/verify

# Each of the programs for so long. clang brings a fuzzer that is better than ours.
FUZZ_SECONDS := 300
FUZZ_CLANG = $(shell clang -fsanitize=fuzzer$(comma)address -x c -c -o /dev/null /dev/null 2>/dev/null && echo clang)
FUZZ_BUILD = build/native-$(if $(FUZZ_CLANG),libfuzzer,address)

.PHONY: fuzz
fuzz: setup-tools ## fuzz the C interface (FUZZ_SECONDS=...); the inputs that it finds are in build/fuzz
	@$(STEP) fuzz-configure "fuzzers: configuring" $(VENV)/bin/cmake -S native -B $(FUZZ_BUILD) -G Ninja \
		-DCMAKE_MAKE_PROGRAM='$(CURDIR)/$(VENV)/bin/ninja' -DCSP_WERROR=ON -DCSP_SANITIZE=address$(comma)undefined \
		$(if $(FUZZ_CLANG),-DCMAKE_C_COMPILER=clang -DCSP_LIBFUZZER=ON)
	@$(STEP) fuzz-build "fuzzers: building" $(VENV)/bin/cmake --build $(FUZZ_BUILD) --target fuzz_alone fuzz_threads
	@for program in fuzz_alone fuzz_threads; do \
		mkdir -p build/fuzz/$$program && cd build/fuzz && \
		if [ -n '$(FUZZ_CLANG)' ]; then \
			'$(CURDIR)/$(FUZZ_BUILD)'/$$program -max_total_time=$(FUZZ_SECONDS) -max_len=400 -verbosity=0 \
				-print_final_stats=1 $$program '$(CURDIR)/tests/fuzz/corpus'/$$program; \
		else \
			'$(CURDIR)/$(FUZZ_BUILD)'/$$program -seconds=$(FUZZ_SECONDS) -seed=$$RANDOM -keep=$$program $$program \
				'$(CURDIR)/tests/fuzz/corpus'/$$program; \
		fi && cd '$(CURDIR)' || exit 1; \
	done

##@ Package

.PHONY: wheel
wheel: setup ## build a wheel into dist/
	@$(STEP) wheel "building the wheel" $(PY) -m build --wheel --no-isolation --config-setting=build-dir=build/wheel
	@ls dist/*.whl

.PHONY: sdist
sdist: setup ## build a source distribution into dist/
	@$(STEP) sdist "building the source distribution" $(PY) -m build --sdist --no-isolation
	@ls dist/*.tar.gz

# The locks are written by uv, which resolves for all systems and Python versions at once. No index is named in them:
# where packages come from is the machine's affair.
LOCK = build/uv/bin/uv pip compile --quiet --universal --python-version 3.14.1 --generate-hashes --upgrade \
	--custom-compile-command 'make lock'

.PHONY: lock
lock: $(PY) ## renew the lock files in .ci from pyproject.toml (needs a network)
	@$(PY) -m venv build/uv && build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(LOCK) pyproject.toml --output-file .ci/runtime.lock
	@$(LOCK) pyproject.toml --group build --group test --constraints .ci/runtime.lock --output-file .ci/test.lock
	@$(LOCK) --group lint --constraints .ci/test.lock --output-file .ci/lint.lock

##@ Tidy

.PHONY: clean
clean: ## remove what was built; environments and Pythons stay
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis $(VENV)/.csp-installed
	@find csp tests examples docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: distclean
distclean: clean ## remove environments, the private Pythons and spin, too
	@rm -rf .venv .venv-* .python .spin

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
