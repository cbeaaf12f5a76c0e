"""The command line: .venv/bin/copse"""
