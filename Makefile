# 联动 Liandong. `make` alone lists what there is.
# Plain enough for GNU make 3.81, which macOS still ships.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo demo-phone test lint format web shots sim sim-bugs bench bench-app lock env clean

PORT ?= 8000
SEEDS ?= 1000
STEPS ?= 200
BIN := .venv/bin
STATIC := format style locks dependencies imports types

help: ## 列出命令 / list these
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: ## 一条命令看演示 / everything from nothing to a running demo (PORT=8000)
	@echo "1/3 准备环境 / environment"
	@tools/bootstrap
	@echo "2/3 构建网页应用 / web app"
	@$(BIN)/python -m client.web.build --out build/web
	@echo "3/3 演示数据和服务器 / demo data and server"
	@$(BIN)/liandong demo --port $(PORT)

demo-phone: env web ## 手机上看演示 / the demo for phones in the same network, over HTTPS (PORT=8000)
	@$(BIN)/liandong demo --phone --port $(PORT)

test: env ## 全部检查 / all checks, as CI runs them
	@$(BIN)/python -m tools.check

night: env web ## 长测试 / the browser tests that are too long for CI
	@$(BIN)/python -m tools.chromium
	@$(BIN)/pytest -m night

lint: env ## 静态检查 / the checks that run no test
	@$(BIN)/python -m tools.check $(STATIC)

format: env ## 整理代码格式 / format the code, fix what can be fixed
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

web: env ## 构建网页应用 / build the installable web app into build/web
	@$(BIN)/python -m client.web.build --out build/web

sim: env ## 模拟 / phones and server through seeded faults (SEEDS=1000 STEPS=200)
	@$(BIN)/python -m tests.simulation run --seeds $(SEEDS) --steps $(STEPS)

sim-bugs: env ## 植入缺陷 / each planted bug must be found by the simulation
	@$(BIN)/python -m tests.simulation bugs --max 50

bench: env ## 服务器性能 / what the server costs, as ratios of one run
	@$(BIN)/python -m benchmarks

bench-app: env web ## 应用性能 / how fast the app opens, beside an empty one
	@$(BIN)/python -m tools.chromium
	@$(BIN)/python -m tools.bench_app

shots: env web ## 截图 / every screen as a picture into build/shots
	@$(BIN)/python -m tools.chromium
	@$(BIN)/python -m tools.shots

lock: env ## 重新锁定依赖 / compile locks/ anew from pyproject.toml (UPGRADE=1: newest)
	@$(BIN)/python -m tools.lock $(if $(UPGRADE),--upgrade)
	@tools/bootstrap

env: ## 准备环境 / lay the environment in .venv, as locked
	@tools/bootstrap

clean: ## 清除环境和构建结果 / remove the environment and all that was built
	rm -rf .venv build dist .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
