"""The gallery: `python -m demo_tui`. Options choose the theme, record what is shown, or save one picture."""

from __future__ import annotations

import argparse
import math
import select
from collections.abc import Sequence

from demo_tui.dashboard import DashboardBase
from demo_tui.gallery import Gallery
from demo_tui.live import Live


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gallery.

    Args:
        arguments: Those of the command line; None for the program's own.

    Returns:
        The exit status: 0, or 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    dashboard = DashboardBase(theme=options.theme, title="demo_tui gallery", ascii=options.ascii or None)
    gallery = Gallery(dashboard)
    if options.save:
        gallery.step()
        print(dashboard.frame(*options.size).save(options.save, dashboard.title))
        return 0
    seconds = options.seconds or (math.inf if dashboard.console.is_terminal else 3.0)
    try:
        with dashboard.live(
            10, screen=not options.inline, record=options.record, mouse=options.mouse
        ) as live:
            _loop(gallery, live, seconds)
    except KeyboardInterrupt:
        return 130
    return 0


def _loop(gallery: Gallery, live: Live, seconds: float) -> None:
    """One loop for everything: it waits for a key or for the next frame, whichever comes first."""
    while True:
        gallery.step()
        live.tick()
        if live.quit_requested or live.terminal_lost or gallery.dashboard.elapsed() >= seconds:
            return
        keyboard = live.fileno()
        select.select([] if keyboard is None else [keyboard], [], [], live.seconds_until_frame())


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo_tui", description="Every panel of demo_tui, live.")
    parser.add_argument("--theme", choices=("dark", "light"), help="default: what the terminal says")
    parser.add_argument("--ascii", action="store_true", help="plain characters only")
    parser.add_argument(
        "--inline", action="store_true", help="draw below the prompt, not on a screen of its own"
    )
    parser.add_argument("--mouse", action="store_true", help="the wheel scrolls, a click focuses and sorts")
    parser.add_argument("--seconds", type=float, help="stop by itself (default without a terminal: 3)")
    parser.add_argument("--record", metavar="FILE", help="write what is shown as an asciicast")
    parser.add_argument("--save", metavar="FILE", help="save one picture (.svg, .html, .txt) and stop")
    parser.add_argument(
        "--size", type=_size, default=(120, 40), metavar="WxH", help="of that picture (120x40)"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
