"""Collect the uses of an engine from a syntax tree, each under the name that the table has for it."""

from __future__ import annotations

import ast
import re

import msgspec

from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.porting.table import is_known
from monarch_vs_ray.porting.values import GENERIC, Values, canonical, is_kind, is_path

REFUSED = frozenset(["slice", "split", "size", "rename", "flatten", "stop", "initialized"])
"""Names that Monarch refuses as endpoints (claim actor_abstraction.reserved_names)."""
PUT = ("append", "add", "extend")
"""Methods that put something into a collection."""
HOOKS = ("__supervise__", "__cleanup__")
SETTING = re.compile(r"(RAY|HYPERACTOR|MONARCH)_[A-Z][A-Z0-9_]*")
NO_ARGUMENTS = re.compile(
    r"(ActorClass|ActorMethod|RemoteFunction|Endpoint|ProcMesh\.(spawn|slice|rename|split)|ActorMesh|HostMesh\.(slice"
    r"|rename|split)|Job|JobState|RDMA\w+|ValueMesh)\b.*"
)
"""Calls whose arguments are the program's own, or are known with the call."""


class Use(msgspec.Struct, frozen=True, order=True):
    """One use of an engine: the line, the name that the table knows it by, the program's own text."""

    line: int
    name: str
    engine: Engine
    text: str


def engine_of(module: str) -> str:
    """Return the engine that a module is of; torchstore is Monarch's."""
    package = module.partition(".")[0]
    return "monarch" if package == "torchstore" else package


class Reader(ast.NodeVisitor):
    """Collect the uses of one program.

    Args:
        values: What its names stand for; filled on the way.
    """

    def __init__(self, values: Values) -> None:
        self.values = values
        self.uses: list[Use] = []
        self._repeated = 0

    # Imports, assignments, scopes

    def visit_Import(self, node: ast.Import) -> None:
        """Bind the names of an import."""
        for alias in node.names:
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            self.values.bind_name(alias.asname or whole, whole)
            self.values.modules.add(whole)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Bind the names of an import from a module."""
        for alias in node.names:
            known = node.module and not node.level
            path = canonical(f"{node.module}.{alias.name}") if known else ""
            self.values.bind_name(alias.asname or alias.name, path)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Bind the targets."""
        self.generic_visit(node)
        for target in node.targets:
            self.values.bind(target, self.values.of(node.value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Bind the target by its value, else by its annotation."""
        self.generic_visit(node)
        value = self.values.of(node.value) or self.values.of_annotation(node.annotation)
        self.values.bind(node.target, value)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        """Bind the target to the elements."""
        self.values.bind(node.target, self.values.of(node.iter))
        self.generic_visit(node)

    visit_AsyncFor = visit_For

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        """Bind what is opened."""
        for item in node.items:
            if item.optional_vars:
                self.values.bind(item.optional_vars, self.values.of(item.context_expr))
        self.generic_visit(node)

    visit_AsyncWith = visit_With

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        """Read a comprehension: a call in it is made for each element."""
        self.values.enter(node)
        for generator in node.generators:
            self.values.bind(generator.target, self.values.of(generator.iter))
        self._repeated += 1
        self.generic_visit(node)
        self._repeated -= 1
        self.values.leave()

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp

    # Definitions

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Bind a function, report its decorators, read its body."""
        value = self._decorated(node, "function")
        self.values.bind_name(node.name, value)
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            if argument.annotation:
                self.visit(argument.annotation)
        if node.returns:
            self.visit(node.returns)
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        self.values.enter(node)
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            if kind := self.values.of_annotation(argument.annotation):
                self.values.bind_name(argument.arg, kind)
        repeated, self._repeated = self._repeated, 0
        for statement in node.body:
            self.visit(statement)
        self._repeated = repeated
        self.values.leave()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Bind a class; report that it is an actor's, and what of it does not port as it is."""
        value = self._decorated(node, "class")
        bases = {self.values.of(base) for base in node.bases}
        if bases & {"monarch.actor.Actor", "MonarchClass", "monarch.spmd.SPMDActor"}:
            value = "MonarchClass"
            self._report(node, "class(Actor)", "monarch", f"class {node.name}")
            self._check_monarch_class(node)
        if value == "class" and self.values.of(ast.Name(node.name)) == "PlainActor":
            value = "PlainActor"
        if value in ("ActorClass", "PlainActor"):
            self._check_ray_class(node)
        self.values.bind_name(node.name, value)
        for base in node.bases:
            if self.values.of(base) not in ("monarch.actor.Actor", "MonarchClass"):
                self.visit(base)
        self.values.enter(node)
        for statement in node.body:
            self.visit(statement)
        self.values.leave()

    def _decorated(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, plain: str) -> str:
        """Report a definition's decorators. Return what its name stands for."""
        value = plain
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            path = self.values.of(call.func if call else decorator)
            form = "class" if isinstance(node, ast.ClassDef) else "function"
            if path == "ray.remote":
                value = "ActorClass" if form == "class" else "RemoteFunction"
                self._report(decorator, f"@ray.remote {form}", "ray")
                self._arguments(call, "options", "ray")
            elif path in ("monarch.actor.endpoint", "monarch.actor.concurrent_endpoint"):
                kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
                name = path.rpartition(".")[2]
                self._report(decorator, f"@{name} {kind}", "monarch", f"@{name} {kind} {node.name}")
                if node.name in REFUSED:
                    refused = "endpoint with a name that Monarch refuses"
                    self._report(decorator, refused, "monarch", f"{kind} {node.name}")
                self._arguments(call, name, "monarch")
            else:
                self.visit(decorator)
        return value

    def _check_ray_class(self, node: ast.ClassDef) -> None:
        methods = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
        public = [item for item in methods if not item.name.startswith("_")]
        asynchronous = [item for item in public if isinstance(item, ast.AsyncFunctionDef)]
        if node.bases:
            self._report(node, "actor class with a base class", "ray", f"class {node.name}(...)")
        for item in methods:
            self._check_own_calls(item, {method.name for method in public})
            if item.name in REFUSED:
                self._report(item, "method with a name that Monarch refuses", "ray", f"def {item.name}")
            if item.name == "__ray_shutdown__":
                self._report(item, "def __ray_shutdown__", "ray", f"def {item.name}")
            if item in asynchronous:
                self._report(item, "async method", "ray", f"async def {item.name}")
            if item in public and any(
                isinstance(inner, ast.Yield | ast.YieldFrom) for inner in ast.walk(item)
            ):
                self._report(item, "generator method", "ray", f"def {item.name}: yield")
        if asynchronous and len(asynchronous) < len(public):
            self._report(node, "class mixes sync and async methods", "ray", f"class {node.name}")

    def _check_own_calls(self, method: ast.AST, public: set[str]) -> None:
        """Report calls of the actor's own methods: of an endpoint they are refused on Monarch."""
        for inner in ast.walk(method):
            called = inner.func if isinstance(inner, ast.Call) else None
            if (
                isinstance(called, ast.Attribute)
                and called.attr in public
                and ast.unparse(called.value) == "self"
            ):
                self._report(called, "actor calls a method of its own", "ray", f"self.{called.attr}()")

    def _check_monarch_class(self, node: ast.ClassDef) -> None:
        for item in node.body:
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and item.name in HOOKS:
                self._report(item, f"def {item.name}", "monarch", f"def {item.name}")

    # Uses

    def visit_Call(self, node: ast.Call) -> None:
        """Report what is called, and its arguments that the engines know."""
        name = self.values.of(node.func)
        engine = None if is_kind(name) and name != "RemoteDecorator" else self._engine(name)
        self._learn(node)
        if name == "ray.remote" and node.args:
            self._made_remote(node)
        elif name == "RemoteDecorator" and node.args:
            self._made_remote(node)
            self.visit(node.func)
        elif engine:
            self._report_call(node, name, engine)
        if not engine:
            self.visit(node.func)
        elif isinstance(node.func, ast.Attribute) and not is_path(self.values.of(node.func.value)):
            self.visit(node.func.value)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            self.visit(argument)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Report an attribute that is an engine's."""
        value = self.values.of(node)
        if is_path(value):
            self._report_path(node, value)
            if self._engine(value):
                return
        elif is_kind(base := self.values.of(node.value)):
            name = f"{base}.{node.attr}"
            if is_known(name) and (engine := self._engine(name)):
                self._report(node, canonical(name), engine)
        self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        """Report a name that was imported from an engine."""
        if isinstance(node.ctx, ast.Load):
            self._report_path(node, self.values.of(node))

    def visit_Await(self, node: ast.Await) -> None:
        """Report that a future is awaited."""
        name = canonical(f"await {self.values.of(node.value)}")
        if is_known(name) and (engine := self._engine(self.values.of(node.value))):
            self._report(node, name, engine)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Report a subscript that a kind defines."""
        name = f"{self.values.of(node.value)}.[]"
        if is_known(name):
            self._report(node, name, "monarch")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Report the name of an environment variable of an engine."""
        if isinstance(node.value, str) and SETTING.fullmatch(node.value):
            engine: Engine = "ray" if node.value.startswith("RAY") else "monarch"
            if engine in self.values.engines:
                self._report(node, f"env {node.value}", engine, node.value)

    def visit_keyword(self, node: ast.keyword) -> None:
        """Read an argument's value."""
        self.visit(node.value)

    def visit_Dict(self, node: ast.Dict) -> None:
        """Report options that stand in a dictionary of their own, as in ``options(**settings)``."""
        for key in node.keys:
            text = key.value if isinstance(key, ast.Constant) else None
            if isinstance(text, str) and "ray" in self.values.engines and is_known(f"key {text}"):
                self._report(key or node, f"key {text}", "ray", f'"{text}": ...')
        self.generic_visit(node)

    def _report_call(self, node: ast.Call, name: str, engine: Engine) -> None:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        kind, _, last = name.partition(".")
        if is_kind(kind) and method in GENERIC and not is_known(canonical(name)):
            return  # of a collection
        if last == "options":
            self._arguments(node, "options", engine)
            return
        repeated = f"[{name} for]"
        special = f"{name} {_remote_method(node)}"
        if self._repeated and is_known(repeated):
            name = repeated
        elif is_known(special):
            name = special
        if last == "remote" and "ObjectRef" in map(self.values.of, node.args):
            self._report(node.func, "reference passed on", engine)
        if kind not in ("ActorHandle", "ActorMesh") or is_known(name):
            self._report(node.func, canonical(name), engine)
        if not NO_ARGUMENTS.fullmatch(name) or last in ("get",):
            self._arguments(node, canonical(name), engine)
        if name == "endpoint" or (name == "monarch.actor.endpoint" and node.args):
            self._report(node.func, "endpoint as a function", "monarch")

    def _arguments(self, call: ast.Call | None, name: str, engine: Engine) -> None:
        """Report the named arguments of a call, and the fields of a runtime environment that stands there."""
        for keyword in call.keywords if call else []:
            if not keyword.arg:
                continue
            argument = f"{name}({keyword.arg}=)"
            if self._argument_matters(argument, name):
                self._report(keyword.value, argument, engine, f"{keyword.arg}=")
            if keyword.arg == "runtime_env" and isinstance(keyword.value, ast.Dict):
                for key in keyword.value.keys:
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        self._report(key, f"runtime_env {{{key.value}}}", engine, f'"{key.value}"')

    def _argument_matters(self, argument: str, name: str) -> bool:
        """Return whether an argument is a use by itself: one of options or of a start, or a known one."""
        return name in ("options", "ray.init", "HostMesh.spawn_procs") or is_known(argument)

    def _made_remote(self, node: ast.Call) -> None:
        argument = node.args[0]
        value = self.values.of(node)
        form = "cls" if value == "ActorClass" else "function"
        self._report(node.func, f"ray.remote({form}) as a function", "ray")
        self._arguments(node, "options", "ray")
        if form == "cls" and isinstance(argument, ast.Name) and self.values.of(argument) == "class":
            self.values.bind_name(argument.id, "PlainActor")

    def _learn(self, node: ast.Call) -> None:
        """Bind a collection to the kind of what is put into it."""
        put = isinstance(node.func, ast.Attribute) and node.func.attr in PUT and node.args
        value = self.values.of(node.args[0]) if put else ""
        if isinstance(node.func, ast.Attribute) and is_kind(value) and not self.values.of(node.func.value):
            self.values.bind(node.func.value, value)

    def _report_path(self, node: ast.expr, value: str) -> None:
        engine = self._engine(value)
        if engine and is_path(value) and "." in value and value not in self.values.modules:
            self._report(node, value, engine)

    def _engine(self, value: str) -> Engine | None:
        """Return the engine that a value is of, if the program imports it."""
        head = value.partition(".")[0]
        if is_path(value):
            package = engine_of(head)
            return next((engine for engine in ENGINES if engine == package), None)
        if not value or head in ("MonarchClass", "PlainActor", "RemoteDecorator"):
            return None
        kind: Engine = "ray" if head in RAY_KINDS else "monarch"
        return kind if kind in self.values.engines else None

    def _report(self, node: ast.AST, name: str, engine: Engine, text: str = "") -> None:
        shown = text or ast.unparse(node)
        at_the_end = isinstance(node, ast.Attribute) and isinstance(
            node.value, ast.Call
        )  # of a chain of calls
        line = getattr(node, "end_lineno" if at_the_end else "lineno", 0) or 0
        self.uses.append(Use(line, name, engine, shown if len(shown) <= 60 else f"{shown[:57]}..."))


RAY_KINDS = frozenset(
    {
        *("ObjectRef", "ActorHandle", "ActorClass", "ActorMethod", "RemoteFunction", "RuntimeContext"),
        *("PlacementGroup", "Queue", "ActorPool", "Pool", "Cluster", "JobSubmissionClient"),
        *("TorchTrainer", "DAGNode", "RayTaskError", "Dataset"),
    }
)


def _remote_method(node: ast.Call) -> str:
    """Return ``m`` of ``handle.m.remote()``."""
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return inner.attr if isinstance(inner, ast.Attribute) else ""
