# Needs the .NET 10 SDK and make; what else a target uses it installs through apt, or says what is missing.

SHELL := /bin/bash
VERSION ?= $(shell sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' Directory.Build.props)
RID ?= linux-$(if $(filter aarch64,$(shell uname -m)),arm64,x64)
PUBLISH := artifacts/publish

# The demo's fleet.
NODES ?= 5
MAX_UNAVAILABLE ?= 1
SCENARIO ?= rolling
BACKEND ?= ostree
KEEP ?=

# What of the benchmarks, or of the scenarios of the machine; default: all.
ONLY ?=

export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1

.DEFAULT_GOAL := help
.PHONY: help build prepare test test-unit test-integration lint fmt verify manifests demo bench e2e-vm chart image dist publish smoke clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

build: ## Build everything; warnings are errors
	dotnet restore operator.sln
	dotnet build operator.sln --no-restore

prepare: ## Get the Kubernetes control plane, helm, kubectl and Chromium that the tests use (the first time it may be built: 10 minutes)
	dotnet run .ci/prepare.cs

test: build prepare ## Run every test, as CI does; logs are in artifacts/test-logs
	.ci/run-tests $(notdir $(wildcard tests/*Tests))

test-unit: build ## Run the tests of the single parts
	.ci/run-tests $(filter-out Ostler.IntegrationTests,$(notdir $(wildcard tests/*Tests)))

test-integration: build prepare ## Run the tests of the whole, with a real control plane and real OSTree
	.ci/run-tests Ostler.IntegrationTests

lint: build ## Build, with warnings as errors, and check the style of the code
	dotnet format operator.sln --no-restore --verify-no-changes

fmt: ## Format the code
	dotnet format operator.sln

manifests: ## Write the CRDs and the references from the types, and into the chart what it has of config
	dotnet run --project src/Ostler.CrdGenerator -- config

verify: ## Fail when a generated file or the formatting is not what it should be; changes nothing
	dotnet run --project src/Ostler.CrdGenerator -- --verify config
	dotnet format whitespace operator.sln --verify-no-changes

demo: ## Upgrade NODES=5 nodes, MAX_UNAVAILABLE=1 at a time, on this machine; SCENARIO=rolling, canary, pdb-blocked, rollback-policy or window; BACKEND=ostree, rpm-ostree or bootc; KEEP=1 leaves it up, with its console
	NODES=$(NODES) MAX_UNAVAILABLE=$(MAX_UNAVAILABLE) SCENARIO=$(SCENARIO) BACKEND=$(BACKEND) KEEP=$(KEEP) dotnet run --project tests/Ostler.Playground

# Figures are of the programs as they are shipped, and so of these sources. The planner alone needs neither them nor a cluster.
SOURCES := $(shell find src -name obj -prune -o \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' \) -print) Directory.Build.props Directory.Packages.props

$(PUBLISH)/%: $(SOURCES)
	.ci/native-toolchain
	dotnet publish src/Ostler.$(if $(findstring agent,$@),Agent,Controller) -c Release -r $(RID) -o $(@D) -v quiet
	touch $@

bench: $(if $(filter-out planner simulation,$(or $(ONLY),all)),prepare $(PUBLISH)/controller/ostler-controller $(PUBLISH)/agent/ostler-agent) ## Measure the figures that are promised, or ONLY="planner simulation rollout controller agent"
	dotnet run -c Release --project tests/Ostler.Benchmarks -- $(ONLY)

e2e-vm: prepare $(PUBLISH)/controller/ostler-controller $(PUBLISH)/agent/ostler-agent ## Upgrade, break and cut off a machine that really boots, in qemu (about 15 minutes; config/machine.md); ONLY="a c" chooses
	ONLY="$(ONLY)" dotnet run --project tests/Ostler.Machine

publish: ## Compile controller, agent and command line to native programs in artifacts/publish
	.ci/native-toolchain
	dotnet publish src/Ostler.Controller -c Release -r $(RID) -o $(PUBLISH)/controller -v quiet
	dotnet publish src/Ostler.Agent -c Release -r $(RID) -o $(PUBLISH)/agent -v quiet
	dotnet publish src/Ostler.Cli -c Release -r $(RID) -o $(PUBLISH)/cli -v quiet

smoke: ## Start what publish made: does it run, and does it say what is wrong?
	.ci/smoke $(PUBLISH)

dist: publish ## Pack the programs, the manifests and the chart into artifacts/dist
	.ci/pack $(VERSION) $(RID) $(PUBLISH) artifacts/dist

chart: ## Pack the Helm chart into artifacts/dist
	.ci/pack-chart artifacts/dist

image: ## Build the container images, with docker, podman or buildah
	.ci/build-images $(VERSION)

clean: ## Remove what was built
	rm -rf artifacts
