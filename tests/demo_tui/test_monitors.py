"""The monitors, with and without what they need."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from panel_samples import FakeClock

from demo_tui import GpuMonitor, GpuProcess, SystemMonitor


class FakeNvml:
    """Two GPUs; the second supports nothing but its name. `broken` names methods that raise."""

    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *broken: str) -> None:
        self.broken = set(broken)
        self.started = 0

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("nvml") and name in self.broken:
            raise RuntimeError(f"{name}: Insufficient Permissions")
        return super().__getattribute__(name)

    def nvmlInit(self) -> None:  # noqa: N802
        self.started += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.started -= 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, device: int) -> str | bytes:  # noqa: N802
        return b"Old GPU" if device else "H100"

    def _first(self, device: int, value: Any) -> Any:
        if device:
            raise RuntimeError("Not Supported")
        return value

    def nvmlDeviceGetMemoryInfo(self, device: int) -> Any:  # noqa: N802
        return self._first(device, SimpleNamespace(used=20 * 2**30, total=80 * 2**30))

    def nvmlDeviceGetUtilizationRates(self, device: int) -> Any:  # noqa: N802
        return self._first(device, SimpleNamespace(gpu=37))

    def nvmlDeviceGetTemperature(self, device: int, sensor: int) -> Any:  # noqa: N802
        return self._first(device, 55)

    def nvmlDeviceGetPowerUsage(self, device: int) -> Any:  # noqa: N802
        return self._first(device, 312_500)

    def nvmlDeviceGetEnforcedPowerLimit(self, device: int) -> Any:  # noqa: N802
        return self._first(device, 700_000)

    def nvmlDeviceGetComputeRunningProcesses(self, device: int) -> Any:  # noqa: N802
        return self._first(
            device, [SimpleNamespace(pid=12, usedGpuMemory=5), SimpleNamespace(pid=3, usedGpuMemory=None)]
        )

    def nvmlDeviceGetGraphicsRunningProcesses(self, device: int) -> Any:  # noqa: N802
        return self._first(device, [])


def test_nvml_gives_everything_and_none_for_what_is_not_supported() -> None:
    first, second = GpuMonitor(load_nvml=FakeNvml, modules={}).sample()
    assert (first.name, first.source, first.utilization_percent, first.memory_percent) == (
        "H100",
        "nvml",
        37.0,
        25.0,
    )
    assert (first.temperature_c, first.power_watts, first.power_limit_watts) == (55.0, 312.5, 700.0)
    assert first.processes == (GpuProcess(3, None), GpuProcess(12, 5))
    assert (second.name, second.utilization_percent, second.memory_percent) == ("Old GPU", None, None)
    assert second.processes == ()


def test_no_permission_is_a_reason_not_an_error() -> None:
    monitor = GpuMonitor(load_nvml=lambda: FakeNvml("nvmlDeviceGetCount"), modules={})
    assert monitor.sample() == []
    assert "Insufficient Permissions" in monitor.reason
    no_driver = GpuMonitor(load_nvml=lambda: FakeNvml("nvmlInit"), modules={})
    assert no_driver.sample() == []
    assert "NVML does not answer" in no_driver.reason


def test_a_gpu_that_is_lost_leaves_the_others() -> None:
    class Lost(FakeNvml):
        def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
            if index == 0:
                raise RuntimeError("GPU is lost")
            return index

    monitor = GpuMonitor(load_nvml=Lost, modules={})
    assert [gpu.index for gpu in monitor.sample()] == [1]
    assert monitor.reason == "GPU 0 cannot be read: GPU is lost"


def test_gpus_that_are_all_lost_are_no_silence() -> None:
    monitor = GpuMonitor(load_nvml=lambda: FakeNvml("nvmlDeviceGetHandleByIndex"), modules={})
    assert monitor.sample() == []
    assert monitor.reason.count("cannot be read: nvmlDeviceGetHandleByIndex: Insufficient Permissions") == 2


def fake_torch(initialized: bool = True) -> Any:
    cuda = SimpleNamespace(
        is_available=lambda: True,
        is_initialized=lambda: initialized,
        device_count=lambda: 1,
        mem_get_info=lambda index: (30, 100),
        get_device_name=lambda index: "Torch GPU",
    )
    return SimpleNamespace(cuda=cuda)


def no_nvml() -> Any:
    raise ImportError("pynvml")


def test_torch_answers_where_it_is_loaded_and_uses_cuda_already() -> None:
    loaded_before = "torch" in sys.modules
    (stats,) = GpuMonitor(load_nvml=no_nvml, modules={"torch": fake_torch()}).sample()
    assert (stats.source, stats.memory_used_bytes, stats.memory_total_bytes) == ("torch", 70, 100)
    assert GpuMonitor(load_nvml=no_nvml, modules={"torch": fake_torch(initialized=False)}).sample() == []
    broken = GpuMonitor(load_nvml=no_nvml, modules={"torch": SimpleNamespace()})
    assert broken.sample() == []
    assert "torch does not answer" in broken.reason
    assert ("torch" in sys.modules) == loaded_before


def test_the_system_has_cores_memory_and_this_process() -> None:
    clock = FakeClock()
    monitor = SystemMonitor(clock=clock)
    first = monitor.sample()
    clock.advance(1.0)
    second = monitor.sample()
    assert first is not None
    assert second is not None
    assert first.sent_per_second is None
    assert second.cores_percent
    assert 0 < second.memory_used_bytes < second.memory_total_bytes
    assert second.processes[0].pid == monitor.pid
    assert second.processes[0].memory_bytes > 0
    assert monitor.reason == ""


def test_a_process_that_is_gone_is_left_out() -> None:
    stats = SystemMonitor(pid=2**22 + 7).sample()
    assert stats is not None
    assert stats.processes == ()


def test_without_psutil_there_is_a_reason() -> None:
    def missing() -> Any:
        raise ImportError("psutil")

    monitor = SystemMonitor(load=missing)
    assert monitor.sample() is None
    assert "pip install psutil" in monitor.reason
    odd = SystemMonitor(load=SimpleNamespace)
    assert odd.sample() is None
    assert "psutil cannot read" in odd.reason
