"""The content with Textual: its own table, log and progress bar, updated where something changed."""

import asyncio
import time

import content
from textual.app import App
from textual.containers import Horizontal
from textual.widgets import DataTable, Log, ProgressBar, Static


class Content(App):
    CSS = """
    #top { height: 15; }
    #status, DataTable { width: 1fr; border: round gray; }
    #bar { height: 3; border: round gray; }
    Log { border: round gray; }
    """

    def compose(self):
        with Horizontal(id="top"):
            yield Static(id="status")
            yield DataTable()
        yield ProgressBar(total=100, id="bar", show_eta=False)
        yield Log(max_lines=1000)

    def on_mount(self):
        table = self.query_one(DataTable)
        self.columns = table.add_columns("actor", "calls", "state")
        self.keys = [table.add_row(*row) for row in content.rows(0)]
        self.shown = content.rows(0)
        self.run_worker(self.work())

    async def work(self):
        total = content.frames_wanted()
        due, start = time.monotonic(), content.cpu()
        for frame in range(1, total + 1):
            self.show(frame, total)
            due += 1 / content.FRAMES_PER_SECOND
            await asyncio.sleep(max(0, due - time.monotonic()))
        content.report(total, content.cpu() - start)
        self.exit()

    def show(self, frame, total):
        pairs = content.status(frame)
        self.query_one("#status", Static).update(
            "\n".join(f"{key:<12}{value}" for key, value in pairs.items())
        )
        table = self.query_one(DataTable)
        for key, row, old in zip(self.keys, content.rows(frame), self.shown, strict=True):
            for column, value, before in zip(self.columns, row, old, strict=True):
                if value != before:
                    table.update_cell(key, column, value)
        self.shown = content.rows(frame)
        self.query_one(ProgressBar).update(progress=content.share(frame, total))
        self.query_one(Log).write_lines(content.new_lines(frame))


Content().run()
