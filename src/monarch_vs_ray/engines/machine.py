"""What this machine has that an engine could use, found without any engine and without importing torch."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from monarch_vs_ray.core.engine import Ability

INFINIBAND = Path("/sys/class/infiniband")


def find_out(name: str, find: Callable[[], Ability]) -> Ability:
    """What ``find`` says; if it fails, that nobody knows, and why. Never raises."""
    try:
        return find()
    except Exception as error:
        return Ability(name=name, state="unknown", detail=_one_line(f"{type(error).__name__}: {error}"))


def version(package: str) -> Ability:
    """Which version of the engine's package is installed."""
    return Ability(name="version", state="works", detail=f"{package} {metadata.version(package)}")


def rdma_nic() -> Ability:
    """Whether the kernel shows an RDMA card."""
    cards = sorted(card.name for card in INFINIBAND.iterdir()) if INFINIBAND.is_dir() else []
    if cards:
        return Ability(name="RDMA NIC", state="works", detail=f"{len(cards)} found: {', '.join(cards)}")
    return Ability(
        name="RDMA NIC",
        state="missing",
        detail=f"no device in {INFINIBAND}",
        remedy="needs an InfiniBand, RoCE or EFA card and its kernel driver (rdma-core)",
    )


def cuda() -> Ability:
    """Whether the CUDA driver is there, and how many GPUs it sees."""
    remedy = "needs an NVIDIA GPU and its driver"
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return Ability(name="CUDA", state="missing", detail="no CUDA driver (libcuda.so.1)", remedy=remedy)
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value == 0:
        return Ability(name="CUDA", state="missing", detail="the CUDA driver sees no GPU", remedy=remedy)
    return Ability(name="CUDA", state="works", detail=f"{count.value} GPU(s)")


def torch() -> Ability:
    """Which version of torch is installed; it is not imported."""
    try:
        return Ability(name="torch", state="works", detail=f"torch {metadata.version('torch')}")
    except metadata.PackageNotFoundError:
        return Ability(
            name="torch",
            state="missing",
            detail="not installed; actors work without it",
            remedy="pip install torch  (in a container: the system's own)",
        )


def nccl() -> Ability:
    """Whether the NCCL library can be loaded, from the system or from where pip puts it."""
    for library in ("libnccl.so.2", *_nccl_of_pip()):
        try:
            number = _nccl_version(ctypes.CDLL(library))
        except OSError:
            continue
        return Ability(name="NCCL", state="works", detail=f"NCCL {number}")
    return Ability(
        name="NCCL",
        state="missing",
        detail="no libnccl.so.2",
        remedy="comes with a CUDA build of torch, or: pip install nvidia-nccl-cu12",
    )


def _nccl_of_pip() -> list[str]:
    packages = [found for found in metadata.distributions() if found.name.startswith("nvidia-nccl")]
    files = [file for package in packages for file in package.files or () if file.name == "libnccl.so.2"]
    return [str(file.locate()) for file in files]


def _nccl_version(library: ctypes.CDLL) -> str:
    number = ctypes.c_int(0)
    library.ncclGetVersion(ctypes.byref(number))
    return f"{number.value // 10000}.{number.value % 10000 // 100}.{number.value % 100}"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
