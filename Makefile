# Set-up and the everyday commands. Only python3 (3.11 or newer), git and make are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo cost-growth real-joints pretraining-arms counterfactual-trial strategies sweep-results null-worlds paired-change scaling rapport-analysis trial-analysis analysis-coverage wheel results test check bench cards docs fuzz kills sweep-kills sweep pages lock clean

demo: $(READY)
	$(BIN)/outcomenet demo --out runs/demo

# The demo's numbers in docs/results.md, from the files of an evaluated run.
RUN ?= runs/demo
results: $(READY)
	$(BIN)/python -m docs.results.fill $(RUN)

# The order of tests is conftest's: longest first. A process that crashes ends the run: xdist would wait for it for ever.
test: $(READY)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder --max-worker-restart 0

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright

# The shipped joint encoder on real films: healthy ones, planted lesions, the same film again. Writes docs/pretraining.
real-joints: $(READY)
	$(BIN)/python -m tests.real_joints --keep docs/pretraining

# The treatment's effect on each measure of change, from simulated patients under both arms; about 5 minutes.
counterfactual-trial: $(READY)
	$(BIN)/python -m tests.counterfactual_trial --patients 1500 --seed 1001 --keep docs/pretraining

# What each way of handling osteoarthritis removes and costs: fourteen arms with three seeds on one cohort, about three hours. Writes docs/results.
# With ALSO=--learning also those that work on the embedding, with an encoder that learns, which takes hours.
strategies: $(READY)
	$(BIN)/python -m docs.results.strategies runs/strategies $(ALSO)

# The human head and the ways of handling confounders with three seeds each, on validation patients; about two hours. Writes docs/results.
sweep-results: $(READY)
	$(BIN)/python -m docs.results.sweeps runs/sweeps

# False gains in twenty strict null worlds, about an hour. Writes docs/results.
null-worlds: $(READY)
	$(BIN)/python -m docs.results.null_worlds runs/null-worlds --seeds 20

# How cost grows with patients, visits and joints, about half an hour on one core. Writes docs/results.
cost-growth: $(READY)
	$(BIN)/python -m docs.results.cost_growth

# Films of two visits read together, in three modes. Writes docs/results.
paired-change: $(READY)
	$(BIN)/python -m docs.results.paired_change runs/paired-change

# Recovery from 250 to 2,000 patients and in a world of unseen films, about an hour. Writes docs/pretraining.
scaling: $(READY)
	$(BIN)/python -m docs.pretraining.scaling runs/scaling
	$(BIN)/python -m docs.pretraining.fill --scaling runs/scaling

# Real patients without films through `analyse`, for docs/analysis; a minute.
rapport-analysis: $(READY)
	$(BIN)/python -m docs.analysis.rapport tests/data/rapport_long_coarse.csv runs/rapport-analysis

# A simulated trial of 900 patients through `analyse`, for docs/analysis; about 20 minutes on one core.
trial-analysis: $(READY)
	$(BIN)/python -m docs.analysis.trial_world runs/trial-world

# How often the intervals of `analyse` hold a known truth: 400 small worlds, about ten minutes. Writes docs/analysis.
analysis-coverage: $(READY)
	$(BIN)/python -m tests.analysis_coverage --worlds 400 --keep docs/analysis

# Arms of the joint encoder's pretraining, trained one after the other (hours; goes on where it stopped), and what they are worth.
ARMS ?= runs/arms
pretraining-arms: $(READY)
	$(BIN)/python -m tests.pretraining_arms train --runs $(ARMS)
	$(BIN)/python -m tests.pretraining_arms evaluate --runs $(ARMS) --keep docs/pretraining
	$(BIN)/python -m tests.real_or_drawn --runs $(ARMS) --keep docs/pretraining

bench: $(READY)
	$(BIN)/python -m tests.bench

# Twenty thousand mutated films; 2,000 are read in every test run.
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz_dicom --count 20000

# Every damage to a finished run, and forty kills: none may be believed, all must be gone on from. RUN is the demo's.
RUN ?= runs/demo
sweep: $(READY)
	$(BIN)/python -m tests.sweep_runs damages $(RUN)
	$(BIN)/python -m tests.sweep_runs kills $(RUN) --count 40

# The wheel in an environment of its own: the smallest demo in an empty folder, without the checkout.
WHEEL := $(CURDIR)/build/wheel
wheel: $(READY)
	rm -rf $(WHEEL) && mkdir -p $(WHEEL)/empty
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir $(WHEEL) .
	$(PYTHON) -m venv $(WHEEL)/venv
	$(WHEEL)/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps $(WHEEL)/*.whl
	$(BIN)/python -c 'import sys; print(*[p for p in sys.path if p.endswith("site-packages")], sep="\n")' > $(WHEEL)/dependencies.pth
	cp $(WHEEL)/dependencies.pth $(WHEEL)/venv/lib/python*/site-packages/
	cd $(WHEEL)/empty && ../venv/bin/outcomenet demo --patients 60 --dicom-patients 0 --steps 3
	test -s $(WHEEL)/empty/runs/demo/report.html

# Fifty kills of a sweep's controller and workers; about half an hour.
sweep-kills: $(READY)
	$(BIN)/python -m tests.sweep_kills --trials 20 --kills 50

# Every command killed at random moments and run again; ten kills each take about half an hour.
kills: $(READY)
	$(BIN)/python -m tests.kills

# The demo's report and intake page in a browser (needs chromium): says what is cut, makes pictures and PDFs in runs/pages.
pages: $(READY)
	$(BIN)/python -m tests.look_at_pages runs/demo/report.html runs/*-dataset/intake.html --out runs/pages

# The data cards anew, from data_cards/*/facts.toml, the importers' records and the builder's features.
cards: $(READY)
	$(BIN)/python -m tools.known_cards

# The documentation site in build/site: pages of the repository and docstrings; strict, so that no link is broken.
docs: .venv-docs/.ready
	.venv-docs/bin/python tools/docs_site.py
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict

.venv-docs/.ready: requirements-docs.lock
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	touch $@

$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV): about 1.5 minutes, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# A new lock: one file for all Python versions, with hashes and without addresses. Needs uv.
lock:
	echo 'jax==0.10.2' > .constraints.tmp
	uv pip compile pyproject.toml --extra dev -c .constraints.tmp --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url -q -o requirements.lock
	rm .constraints.tmp
	uv pip compile requirements-docs.in --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url -q -o requirements-docs.lock

clean:
	rm -rf $(VENV) .venv-docs build runs .pytest_cache .ruff_cache
