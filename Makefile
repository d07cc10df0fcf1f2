# Needs the .NET 10 SDK and make; what else a target uses it installs through apt, or says what is missing.

SHELL := /bin/bash
comma := ,
VERSION ?= $(shell sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' Directory.Build.props)
RID ?= linux-$(if $(filter aarch64,$(shell uname -m)),arm64,x64)
# What a release is made for, with commas between; who makes it says where from.
RIDS ?= $(RID)
REGISTRY ?=
URL ?=
BASE ?=
PLATFORM ?=
PUBLISH := $(shell .ci/published $(RID))

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
.PHONY: help build prepare test test-unit test-integration lint fmt verify manifests demo bench pictures e2e-vm chart olm-bundle image demo-image smoke-image dist publish smoke clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

build: ## Build everything; warnings are errors
	dotnet restore operator.sln
	dotnet build operator.sln --no-restore

prepare: ## Fetch what tests need: a Kubernetes control plane, helm, kubectl, Chromium (building the control plane takes 10 minutes)
	dotnet run .ci/prepare.cs

test: build prepare ## Run all tests; logs are in artifacts/test-logs
	.ci/run-tests $(notdir $(wildcard tests/*Tests))

test-unit: build ## Run the unit tests
	.ci/run-tests $(filter-out Ostler.IntegrationTests,$(notdir $(wildcard tests/*Tests)))

test-integration: build prepare ## Run the integration tests, with a real control plane and real OSTree
	.ci/run-tests Ostler.IntegrationTests

lint: build ## Build, and check the code style
	dotnet format operator.sln --no-restore --verify-no-changes

fmt: ## Format the code
	dotnet format operator.sln

manifests: ## Generate CRDs, references and the chart's copies of config
	dotnet run --project src/Ostler.CrdGenerator -- config

verify: ## Check that generated files and formatting are up to date; changes nothing
	dotnet run --project src/Ostler.CrdGenerator -- --verify config
	dotnet format whitespace operator.sln --verify-no-changes

demo: ## Upgrade NODES=5 simulated nodes, MAX_UNAVAILABLE=1 at a time; SCENARIO=rolling, canary, gate, pdb-blocked, rollback-policy or window; BACKEND=ostree, rpm-ostree or bootc; KEEP=1 keeps the fleet running, with its console
	@echo 'Building Ostler and the demo. The first build takes a few minutes.'
	@dotnet build tests/Ostler.Playground --verbosity quiet
	@NODES=$(NODES) MAX_UNAVAILABLE=$(MAX_UNAVAILABLE) SCENARIO=$(SCENARIO) BACKEND=$(BACKEND) KEEP=$(KEEP) dotnet run --no-build --project tests/Ostler.Playground

# Figures are of the programs as they are shipped, and so of these sources. The planner alone needs neither them nor a cluster.
SOURCES := $(shell find src -name obj -prune -o \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.targets' -o -path '*/Console/Web/*' \) -type f -print) $(wildcard config/crd/*.yaml) Directory.Build.props Directory.Packages.props

PROGRAMS := $(PUBLISH)/controller/ostler-controller $(PUBLISH)/agent/ostler-agent $(PUBLISH)/cli/kubectl-ostler

# Written only when it is another one, as the programs have it in them.
$(PUBLISH)/version: FORCE
	@mkdir -p $(@D); echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@
FORCE:

$(PUBLISH)/%: $(SOURCES) $(PUBLISH)/version
	.ci/native-toolchain $(RID)
	dotnet publish src/Ostler.$(if $(findstring /agent/,$@),Agent,$(if $(findstring /cli/,$@),Cli,Controller)) -c Release -r $(RID) -p:VersionPrefix=$(VERSION) -o $(@D) -v quiet
	touch $@

bench: $(if $(filter-out planner simulation,$(or $(ONLY),all)),prepare $(PUBLISH)/controller/ostler-controller $(PUBLISH)/agent/ostler-agent) ## Run the benchmarks; ONLY="planner simulation rollout controller agent"
	dotnet run -c Release --project tests/Ostler.Benchmarks -- $(ONLY)

pictures: prepare ## Take the pictures of the documentation from a run of the demo (about 5 minutes); they go to config/docs/images
	dotnet run --project tests/Ostler.Pictures

e2e-vm: prepare $(PUBLISH)/controller/ostler-controller image ## Upgrade and break a virtual machine that really boots, in qemu (about 15 minutes; config/docs/machine.md); ONLY="a c" selects scenarios
	ONLY="$(ONLY)" AGENT_IMAGE=ostler-agent:$(VERSION) dotnet run --project tests/Ostler.Machine

publish: $(PROGRAMS) ## Compile controller, agent and CLI to native programs in artifacts/publish; RID=linux-x64 or linux-arm64 (cross-compiles)

smoke: ## Smoke-test the programs of make publish; RID=linux-arm64 on x64 uses qemu-user-static
	.ci/smoke $(PUBLISH)

dist: ## Pack programs, chart, manifests, bills of materials and checksums into artifacts/dist; RIDS=linux-x64,linux-arm64 for both architectures, REGISTRY=registry.example/os/ as prefix of image names, URL=https://downloads.example/v0.1.0 for krew
	set -e; for rid in $(subst $(comma), ,$(RIDS)); do $(MAKE) --no-print-directory publish RID=$$rid; done
	REGISTRY='$(REGISTRY)' URL='$(URL)' .ci/pack $(VERSION) artifacts/dist $(subst $(comma), ,$(RIDS))
	.ci/check-dist $(VERSION) artifacts/dist

chart: ## Pack the Helm chart into artifacts/dist
	.ci/pack-chart artifacts/dist

olm-bundle: ## Generate a bundle for the Operator Lifecycle Manager in artifacts/olm-bundle; REGISTRY=registry.example/os/ as prefix of image names
	dotnet run .ci/olm-bundle.cs artifacts/olm-bundle controller.image.repository=$(REGISTRY)ostler-controller agent.image.repository=$(REGISTRY)ostler-agent

image: ## Build the container images, with docker or podman; BASE=registry.example/debian:12 or another base image, PLATFORM=linux/amd64 or linux/arm64
	BASE='$(BASE)' PLATFORM='$(PLATFORM)' .ci/build-images $(VERSION)

demo-image: prepare ## Build the image of make demo, for machines with nothing but podman or docker; BASE as for make image
	BASE='$(BASE)' .ci/build-images $(VERSION) demo

smoke-image: prepare ## Smoke-test the images, with the rights that their pods have
	dotnet run .ci/smoke-images.cs $(VERSION)

clean: ## Remove build output
	rm -rf artifacts
