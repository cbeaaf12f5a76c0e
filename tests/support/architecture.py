"""What the folders are held to: each check yields a sentence for every place that breaks it."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from deploy.docs import system

ROOT = Path(__file__).parents[2]
TOP = {"services", "shared", "deploy", "docs", "tests"}
ROOMS = {"app", "api", "handlers", "model", "store"}
OPTIONAL = {"settings"}
NO_ROOM = {
    "utils",
    "util",
    "helpers",
    "common",
    "schemas",
    "dependencies",
    "constants",
    "exceptions",
}
LINES = 250
IMPURE = {"random", "secrets", "os", "time", "socket", "subprocess", "asyncio", "logging"}
ASKS_THE_WORLD = re.compile(
    r"((.*\.)?(new_id|uuid[14]|utcnow)|(clock\.|(datetime\.)?datetime\.)?now|(.*\.)?date(time)?\.today|open|print)"
)
OWNERS = {event.__name__: event.type.split(".")[1] for event in system.events().values()}
TEXTS = {
    ".py",
    ".md",
    ".yaml",
    ".yml",
    ".toml",
    ".json",
    ".txt",
    ".html",
    ".xml",
    ".properties",
    "",
}

Check = Callable[[Path], Iterator[str]]


def code(root: Path, *folders: str) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for file in sorted((root / folder).rglob("*.py")):
            yield file, str(file.relative_to(root))


def services(root: Path) -> Iterator[Path]:
    return (folder for folder in sorted((root / "services").iterdir()) if [*folder.glob("*.py")])


def known_folders(root: Path) -> Iterator[str]:
    for folder in root.iterdir():
        mine = folder.is_dir() and folder.name[0] not in "._" and folder.name != "node_modules"
        if mine and folder.name not in TOP:
            yield f"{folder.name}/ stands beside {', '.join(sorted(TOP))}"


def inside(folder: Path) -> set[str]:
    """The modules and packages of a folder, by name."""
    packages = {inner.name for inner in folder.iterdir() if [*inner.rglob("*.py")]}
    return packages | {file.stem for file in folder.glob("*.py")} - {"__init__"}


def slices(service: Path) -> dict[str, set[str]]:
    """The parts of a service that have rooms of their own, each with what is in it."""
    parts = {name: service / name for name in inside(service) - ROOMS - OPTIONAL}
    parts = {name: inside(part) for name, part in parts.items() if part.is_dir()}
    return {name: rooms for name, rooms in parts.items() if rooms & ROOMS}


def room(service: Path, file: Path) -> str:
    """In which room a file of a service stands, be it the service's or a slice's."""
    part, *rest = (name.removesuffix(".py") for name in file.relative_to(service).parts)
    return rest[0] if rest and part in slices(service) else part


def same_rooms(root: Path) -> Iterator[str]:
    """A service has every room, or slices that have them all together; import-linter names what else a slice has."""
    for service in services(root):
        found, sliced = inside(service), slices(service)
        rooms = found.union(*sliced.values()) & ROOMS
        for missing in ROOMS - rooms:
            yield f"{service.name} has no {missing}"
        for own in found - ROOMS - OPTIONAL - {*sliced}:
            yield f"{service.name} has a room of its own: {own}"
        for both in found & ROOMS - {"app"} if sliced else ():
            yield f"{service.name} has a room beside its slices: {both}"
        for name, rooms in sliced.items():
            if "app" in rooms:
                yield f"{service.name} is wired in {name}: it is one service"


def said_in_a_line(root: Path) -> Iterator[str]:
    for service in services(root):
        for folder in (service, *(service / name for name in slices(service))):
            first = folder / "__init__.py"
            words = ast.get_docstring(ast.parse(first.read_text())) if first.exists() else ""
            if not words or "\n" in words:
                yield f"{first.relative_to(root)} does not say in one line what it is for"


def short_files(root: Path) -> Iterator[str]:
    for file, name in code(root, "services", "shared", "deploy"):
        if (lines := len(file.read_text().splitlines())) > LINES:
            yield f"{name} has {lines} lines: make it a folder of the same name"


def no_cupboards(root: Path) -> Iterator[str]:
    for file, name in code(root, "services", "shared", "deploy"):
        if NO_ROOM & {file.stem, file.parent.name}:
            yield f"{name}: name it after what it is about"


def owners_model_alone_constructs(root: Path) -> Iterator[str]:
    for file, name in code(root, "services"):
        service = root / "services" / file.relative_to(root / "services").parts[0]
        for event, line in constructed(ast.parse(file.read_text())):
            if (OWNERS[event], room(service, file)) != (service.name, "model"):
                yield f"{name}:{line} constructs {event}: only {OWNERS[event]}'s model may"


def constructed(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        made = node.func if isinstance(node, ast.Call) else None
        if isinstance(made, ast.Attribute) and made.attr.startswith(
            ("model_validate", "model_construct")
        ):
            made = made.value
        if isinstance(made, ast.Attribute):
            made = ast.Name(made.attr)
        if isinstance(made, ast.Name) and made.id in OWNERS:
            yield made.id, node.lineno  # pyright: ignore[reportAttributeAccessIssue]


def pure_rules(root: Path) -> Iterator[str]:
    for file, name in code(root, "services"):
        service = root / "services" / file.relative_to(root / "services").parts[0]
        if room(service, file) != "model":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            for module in {one.split(".")[0] for one in imported(node)} & IMPURE:
                yield f"{name}:{node.lineno} imports {module}: a rule touches nothing"
            if isinstance(node, ast.Call) and ASKS_THE_WORLD.fullmatch(ast.unparse(node.func)):
                yield f"{name}:{node.lineno} calls {ast.unparse(node)}: a rule is given what it needs"
            if isinstance(node, ast.AsyncFunctionDef):
                yield f"{name}:{node.lineno} awaits: a rule touches nothing"


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def no_ignores(root: Path) -> Iterator[str]:
    for file, name in code(root, "services"):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if re.search(r"#\s*(pyright|type):", line):
                yield f"{name}:{number} tells the type checker to look away"


def named_after_what_they_do(root: Path) -> Iterator[str]:
    for file, name in code(root, "services"):
        if "handlers" not in name:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and re.match(
                r"(handle|on|process)_", node.name
            ):
                yield f"{name}:{node.lineno} {node.name} is not named after what it does"


def at_home_anywhere(root: Path) -> Iterator[str]:
    home = re.compile(r"(?<![\w.:/}-])/(home|Users|root|work)/[\w.]")
    for file in (file for top in (*TOP, ".ci") for file in (root / top).rglob("*")):
        if file.is_file() and file.suffix in TEXTS and home.search(file.read_text(errors="ignore")):
            yield f"{file.relative_to(root)} names a folder of one machine"


BY_NAME = {"getattr", "setattr", "delattr", "hasattr"}  # Python's, and monkeypatch's


def public_faces_in_tests(root: Path) -> Iterator[str]:
    for file, name in code(root, "tests"):
        yield from private_uses(file, name)


def private_uses(file: Path, name: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        for private in filter(_is_private, _used(node)):
            yield f"{name}:{node.lineno} uses {private}: a test speaks to public faces"  # pyright: ignore[reportAttributeAccessIssue]


def _used(node: ast.AST) -> list[str]:
    """The attributes and names that a node uses of others: a class may use its own."""
    if isinstance(node, ast.Attribute):
        own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        return [] if own else [node.attr]
    if isinstance(node, ast.ImportFrom):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in BY_NAME:
        return [str(part.value) for part in node.args if isinstance(part, ast.Constant)]
    return []


def _is_private(name: str) -> bool:
    last = name.rpartition(".")[2]  # monkeypatch also takes a path
    return last.startswith("_") and not last.startswith("__")
