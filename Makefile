# Shortcuts; each is the one command that stands behind it.

.PHONY: help install up check format ui lock
.DEFAULT_GOAL := help

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/'

.venv/bin/contactcentre:
	python3 -m venv .venv
	.venv/bin/pip install -q -e '.[test]'

install: .venv/bin/contactcentre ## everything that is needed, into .venv

up: install ## the whole centre on this machine
	.venv/bin/contactcentre up

check: install ## style, types, contracts and all tests
	.venv/bin/pytest

format: install ## bring every file into its form
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

ui: ## the desk and the board, while working on them
	cd agent_ui && npm ci && npm run dev

lock: ## uv.lock from pyproject.toml
	uv lock --default-index https://pypi.org/simple
