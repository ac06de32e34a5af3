"""GPU statistics from NVML where it is installed, else from torch where it is loaded, else none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from demo_tui.cells import describe

__all__ = ["GpuMonitor", "GpuProcess", "GpuStats"]


@dataclass(frozen=True)
class GpuProcess:
    """A process on a GPU.

    Args:
        pid: Its process id.
        memory_bytes: What it uses of the GPU's memory; None where the driver does not say, as in containers.
    """

    pid: int
    memory_bytes: int | None


@dataclass(frozen=True)
class GpuStats:
    """One GPU at one moment. What could not be read is None, never 0.

    Args:
        index: The number of the GPU.
        name: Its model.
        source: `nvml` or `torch`.
        utilization_percent: Share of the time in which a kernel ran.
        memory_used_bytes: Memory in use.
        memory_total_bytes: Memory of the GPU.
        temperature_c: Degrees Celsius.
        power_watts: Power drawn.
        power_limit_watts: The limit that is enforced.
        processes: The processes on the GPU.
    """

    index: int
    name: str
    source: str
    utilization_percent: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    temperature_c: float | None = None
    power_watts: float | None = None
    power_limit_watts: float | None = None
    processes: tuple[GpuProcess, ...] = ()

    @property
    def memory_percent(self) -> float | None:
        """Return the used share of the memory, 0 to 100; None where it is not known."""
        if self.memory_used_bytes is None or not self.memory_total_bytes:
            return None
        return 100.0 * self.memory_used_bytes / self.memory_total_bytes


class GpuMonitor:
    """Samples all GPUs. `sample` never raises; `reason` says what is missing and why.

    NVML comes from the optional package nvidia-ml-py. torch is only used if the program has imported it
    and has initialised CUDA, so that looking never creates a CUDA context.

    Args:
        load_nvml: Returns the pynvml module; for tests.
        modules: Where to look for torch; for tests.
    """

    def __init__(
        self, load_nvml: Callable[[], Any] | None = None, modules: dict[str, Any] | None = None
    ) -> None:
        self.reason = ""
        self._load = load_nvml or (lambda: import_module("pynvml"))
        self._modules: dict[str, Any] = sys.modules if modules is None else modules
        self._nvml: Any = None
        self._nvml_reason = ""

    def sample(self) -> list[GpuStats]:
        """Read every GPU.

        Returns:
            One entry per GPU that answers. Where one does not, or none does, `reason` says so.
        """
        stats = self._from_nvml()
        if not stats:
            stats = self._from_torch()
            self.reason = "" if stats else self._nvml_reason
        else:
            self.reason = self._nvml_reason
        return stats

    def close(self) -> None:
        """Let NVML go; a later `sample` starts it again."""
        if self._nvml is not None:
            _try(self._nvml.nvmlShutdown)
            self._nvml = None

    def _from_nvml(self) -> list[GpuStats]:
        try:
            if self._nvml is None:
                nvml = self._load()
                nvml.nvmlInit()
                self._nvml = nvml
            count = self._nvml.nvmlDeviceGetCount()
        except ImportError:
            self._nvml_reason = "nvidia-ml-py is not installed; install it with: pip install nvidia-ml-py"
            return []
        except Exception as error:  # no driver, no permission, a lost GPU: NVML has an error for each
            self._nvml_reason = f"NVML does not answer: {error}"
            self.close()
            return []
        found, lost = [], []
        for index in range(count):
            try:
                found.append(_read(self._nvml, index))
            except Exception as error:
                lost.append(f"GPU {index} cannot be read: {describe(error)}")
        self._nvml_reason = "; ".join(lost) if count else "NVML found no GPU"
        return found

    def _from_torch(self) -> list[GpuStats]:
        torch = self._modules.get("torch")
        if torch is None:
            return []
        try:
            if not (torch.cuda.is_available() and torch.cuda.is_initialized()):
                return []
            return [_read_torch(torch, index) for index in range(torch.cuda.device_count())]
        except Exception as error:
            self._nvml_reason += f"; torch does not answer either: {error}"
            return []


def _try(read: Callable[[], Any]) -> Any:
    """None where a value is not supported, not permitted, or gone."""
    try:
        return read()
    except Exception:
        return None


def _read(nvml: Any, index: int) -> GpuStats:
    device = nvml.nvmlDeviceGetHandleByIndex(index)
    name = _try(lambda: nvml.nvmlDeviceGetName(device)) or f"GPU {index}"
    memory = _try(lambda: nvml.nvmlDeviceGetMemoryInfo(device))
    utilization = _try(lambda: nvml.nvmlDeviceGetUtilizationRates(device))
    return GpuStats(
        index=index,
        name=name.decode() if isinstance(name, bytes) else str(name),
        source="nvml",
        utilization_percent=None if utilization is None else float(utilization.gpu),
        memory_used_bytes=None if memory is None else int(memory.used),
        memory_total_bytes=None if memory is None else int(memory.total),
        temperature_c=_try(lambda: float(nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU))),
        power_watts=_try(lambda: nvml.nvmlDeviceGetPowerUsage(device) / 1000.0),
        power_limit_watts=_try(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(device) / 1000.0),
        processes=tuple(_processes(nvml, device)),
    )


def _processes(nvml: Any, device: Any) -> list[GpuProcess]:
    """Compute and graphics processes, each once, by pid."""
    found: dict[int, int | None] = {}
    for method in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses"):
        for process in _try(partial(_running, nvml, method, device)) or ():
            found[int(process.pid)] = process.usedGpuMemory
    return [GpuProcess(pid, None if used is None else int(used)) for pid, used in sorted(found.items())]


def _running(nvml: Any, method: str, device: Any) -> Any:
    return getattr(nvml, method)(device)


def _read_torch(torch: Any, index: int) -> GpuStats:
    free, total = torch.cuda.mem_get_info(index)
    name = str(torch.cuda.get_device_name(index))
    return GpuStats(index, name, "torch", memory_used_bytes=int(total - free), memory_total_bytes=int(total))
