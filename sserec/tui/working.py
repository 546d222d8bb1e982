"""Long work beside the screen.

Knows jobs and threads; must not know what a job is for. A job runs in a thread, reads and fills the model, and
tells of itself by messages, at most twenty a second; a new job of the same name ends the one before.
"""

from functools import partial
from time import monotonic

from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker, get_current_worker

from sserec.tui.model.jobs import Job, Progress

TELL_INTERVAL_S = 0.05


class JobMoved(Message):
    """A job has found something, or is over."""

    def __init__(self, name: str, progress: Progress | None, worker: Worker[None]) -> None:
        super().__init__()
        self.name, self.progress, self.worker = name, progress, worker

    @property
    def is_over(self) -> bool:
        return self.progress is None


class Working(Widget):
    """Starts jobs; a subclass hears of them by ``job_moved``."""

    def start(self, name: str, job: Job) -> None:
        """Runs ``job``; one of the same name that still runs is ended."""
        self.run_worker(
            partial(self._work, name, job), group=name, exclusive=True, thread=True, exit_on_error=True
        )

    def end_job(self, name: str) -> None:
        self.workers.cancel_group(self, name)

    def job_moved(self, name: str, progress: Progress | None) -> None:
        """``progress`` is None when the job is over."""
        raise NotImplementedError

    def on_job_moved(self, message: JobMoved) -> None:
        if not message.worker.is_cancelled:
            self.job_moved(message.name, message.progress)

    def _work(self, name: str, job: Job) -> None:
        worker: Worker[None] = get_current_worker()
        told_at = 0.0
        for progress in job:
            if worker.is_cancelled:
                return
            if monotonic() - told_at >= TELL_INTERVAL_S:
                told_at = monotonic()
                self.post_message(JobMoved(name, progress, worker))
        self.post_message(JobMoved(name, None, worker))
