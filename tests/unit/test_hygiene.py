"""What no file of the checkout may hold, and how a sentence may be put on the screen."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "hikma_tui"
LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-check.lock",
    "requirements-encrypted.lock",
)

# Addresses of package registries, and paths of one machine: true for whoever wrote them, wrong for
# everyone else. Each is put together from halves, so that this file passes its own test.
FORBIDDEN = [
    re.compile(first + second)
    for first, second in (
        (r"https?://[^ ]*py", r"pi"),
        (r"files\.python", r"hosted"),
        (r"registry\.npm", r"js"),
        (r"https?://[^ ]*debian\.", r"org/debian"),
        (r"(?<![\w.])/wo", r"rk/"),
        (r"(?<![\w.])/ro", r"ot/"),
        (r"(?<![\w.])/op", r"t/"),
        (r"(?<![\w.])/home/", r"\w+/"),
        (r"\.\./sha", r"red/"),
    )
]

# Modules that translate sentences which others wrote out and marked with N_.
DEFERRED = {"hikma_tui/widgets/keys.py"}

# Widgets and calls whose text is read as markup unless they are told not to: a name such as [/x]
# would end the program.
MARKUP_CALLS = {
    "Button", "Checkbox", "Collapsible", "Label", "ListItem", "Option", "RadioButton", "Select",
    "Selection", "Static", "Tab", "TabPane", "Tooltip", "notify",
}  # fmt: skip


def tracked() -> list[Path]:
    """The files that git tracks; in a tree without git, all but the hidden ones."""
    git = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if git.returncode == 0:
        found = [ROOT / name for name in git.stdout.split("\0") if name]
    else:
        found = [
            path
            for path in ROOT.rglob("*")
            if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        ]
    return [path for path in found if path.is_file() and path.suffix != ".pyc"]


def foreign(text: str) -> list[tuple[int, str]]:
    """Each forbidden piece of ``text`` with its line."""
    return [
        (text.count("\n", 0, match.start()) + 1, match.group())
        for pattern in FORBIDDEN
        for match in pattern.finditer(text)
    ]


def test_no_file_names_a_registry_or_a_machine() -> None:
    paths = tracked()
    assert paths
    found = [
        f"{path.relative_to(ROOT)}:{line}: {piece}"
        for path in paths
        for line, piece in foreign(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text", ["https://py" + "pi.example/simple", "x = '/wo" + "rk/main'", "cd /op" + "t/thing"]
)
def test_a_foreign_address_is_found(text: str) -> None:
    assert foreign(text)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_all_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "an option, such as an index, in a lock"
    entries = re.split(r"\n(?=[a-z])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
    assert len(entries) > 3 or "encrypted" in name
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}(\s|$)", entry), entry


def test_the_locks_agree() -> None:
    """One .venv serves all three, so no package may have two versions."""
    versions: dict[str, set[str]] = {}
    for name in LOCKS:
        for package, version in re.findall(
            r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
        ):
            versions.setdefault(package, set()).add(version)
    assert {package for package, seen in versions.items() if len(seen) > 1} == set()


def test_the_wheel_holds_the_whole_program(tmp_path: Path) -> None:
    """What ``pipx install .`` gets: every tracked file of the package, built without a network."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    [wheel] = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    ours = {str(path.relative_to(ROOT)) for path in tracked() if PACKAGE in path.parents}
    assert ours
    assert ours - inside == set()
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in inside)


def _sources(*parts: str) -> Iterator[tuple[Path, ast.Module]]:
    """The syntax trees of the package, or of those parts of it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if not parts or path.relative_to(PACKAGE).parts[0] in parts:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def _called(call: ast.Call) -> str:
    """The last name of what is called: ``notify`` of ``self.app.notify(...)``."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _sentence(argument: ast.expr, *, deferred: bool) -> bool:
    """Whether a catalogue can hold it: written out, or kept in an attribute and marked there."""
    if deferred and isinstance(argument, ast.BoolOp):
        return all(_sentence(value, deferred=True) for value in argument.values)
    if deferred and isinstance(argument, ast.Attribute):
        return True
    return isinstance(argument, ast.Constant) and isinstance(argument.value, str)


def untranslatable(tree: ast.Module, *, deferred: bool = False) -> list[int]:
    """Lines where a sentence is given to gettext in a form that no catalogue can hold."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            wanted = {"_": 1, "N_": 1, "ngettext": 2}.get(node.func.id, 0)
            sentences = node.args[:wanted]
            written_out = all(_sentence(s, deferred=deferred) for s in sentences)
            if len(sentences) < wanted or not written_out:
                lines.append(node.lineno)
    return lines


def _composed(text: ast.expr) -> bool:
    """Whether ``text`` is put together here, so that it may hold someone's name."""
    if isinstance(text, ast.Call):
        return isinstance(text.func, ast.Attribute) and text.func.attr == "format"
    if isinstance(text, ast.IfExp):
        return _composed(text.body) or _composed(text.orelse)
    return isinstance(text, ast.JoinedStr | ast.BinOp)


def read_as_markup(tree: ast.Module) -> list[int]:
    """Lines where composed text is handed to a widget that would read it as markup."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in MARKUP_CALLS:
            safe = any(
                word.arg == "markup"
                and isinstance(word.value, ast.Constant)
                and word.value.value is False
                for word in node.keywords
            )
            texts = [
                *node.args,
                *(k.value for k in node.keywords if k.arg not in {"id", "classes"}),
            ]
            if not safe and any(map(_composed, texts)):
                lines.append(node.lineno)
    return lines


def test_every_sentence_can_be_translated() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, tree in _sources()
        for line in untranslatable(tree, deferred=path.relative_to(ROOT).as_posix() in DEFERRED)
    ]
    assert not found, "not one constant string given to _(): " + ", ".join(found)


def test_no_composed_text_is_read_as_markup() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, tree in _sources("screens", "widgets", "app.py")
        for line in read_as_markup(tree)
    ]
    assert not found, "say markup=False or wrap it in Content(...): " + ", ".join(found)


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("_('Find')", False),
        ("_('Find '\n  'all')", False),
        ("_('{n} found').format(n=n)", False),
        ("_(f'{n} found')", True),
        ("_('a' + b)", True),
        ("_(name)", True),
        ("ngettext('one', 'many', n)", False),
        ("ngettext('one', f'{n}', n)", True),
    ],
)
def test_what_gettext_takes(source: str, wrong: bool) -> None:
    assert bool(untranslatable(ast.parse(source))) is wrong


def test_what_gettext_takes_where_sentences_are_kept() -> None:
    assert not untranslatable(ast.parse("_(self.help or self.label)"), deferred=True)
    assert untranslatable(ast.parse("_(self.help or f'{n}')"), deferred=True)
    assert untranslatable(ast.parse("_(self.label)"))


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("Static(f'{name}')", True),
        ("Static(f'{name}', markup=True)", True),
        ("Static(f'{name}', markup=False)", False),
        ("Static(Content(f'{name}'))", False),
        ("Static('Find', id=f'row-{n}')", False),
        ("self.app.notify(_('{name} saved').format(name=name))", True),
        ("self.notify(_('saved'))", False),
        ("Label('Name: ' + name)", True),
        ("Button(_('Yes') if yes else f'{no}')", True),
    ],
)
def test_what_a_widget_may_be_given(source: str, wrong: bool) -> None:
    assert bool(read_as_markup(ast.parse(source))) is wrong
