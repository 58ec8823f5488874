"""Bringing a data set from the page: one background thread per data set, whoever asks, watched by every page that waits for it."""

import threading
import time
import traceback
from dataclasses import dataclass

import streamlit as st

from core.data.datasets import CHUNK_BYTES, DATASETS, DatasetError, DownloadCancelled, Progress, data_root, download, package_hint
from core.words import duration
from pages.web import errors

POLL_S = 1.0


@dataclass
class Job:
    """A running or ended download. Written by its thread, read by the pages."""

    began: float
    progress: Progress | None = None
    resumed_bytes: int | None = None  # of the first file, on disk before this job
    error: str = ""
    done: bool = False
    cancelled: bool = False


_jobs: dict[str, Job] = {}
_lock = threading.Lock()


def start(name: str) -> None:
    """Begin the download unless it is already running."""
    with _lock:
        job = _jobs.get(name)
        if job and not job.done:
            return
        _jobs[name] = Job(time.monotonic())
        threading.Thread(target=_run, args=(name, _jobs[name]), daemon=True, name=f"download-{name}").start()


def _run(name: str, job: Job) -> None:
    def on_progress(progress: Progress) -> bool:
        if job.resumed_bytes is None:
            job.resumed_bytes = max(0, progress.done_bytes - CHUNK_BYTES)
        job.progress = progress
        return not job.cancelled

    try:
        download(name, on_progress)
    except DatasetError as error:
        job.error = errors.words(error)
    except DownloadCancelled:
        job.error = "Stopped. Download again to continue where it stopped."
    except Exception:  # the thread must never end without a word
        traceback.print_exc()
        job.error = "The download failed. Try again; if it fails once more, the explorer's terminal says why."
    finally:
        job.done = True


def offer(name: str) -> None:
    """A button that downloads the data set, and then its progress; reruns the page when it is there."""
    job = _jobs.get(name)
    if job and not job.done:
        _watch(name)
        return
    if job and job.error:
        st.warning(job.error, icon=":material/cloud_off:")
    dataset = DATASETS[name]
    st.button(
        f"Download {dataset.name} ({dataset.megabytes} MB)",
        icon=":material/download:",
        on_click=start,
        args=(name,),
        key=f"download-{name}",
    )
    what, _, command = package_hint(name).partition(": ")
    st.caption(
        f"It comes from the data set's own mirrors and is kept in {data_root().name}/. Already have it? Set LATENT_DATA to its folder."
        + (f" {what}: `{command}`." if command else "")
    )


@st.fragment(run_every=POLL_S)
def _watch(name: str) -> None:
    """The progress of a running download with the time left, and a button to stop it."""
    job = _jobs[name]
    if job.done:
        st.rerun()
    progress = job.progress
    if progress is None:
        st.progress(0.0, f"Asking for {name} …")
    else:
        share = progress.done_bytes / progress.total_bytes if progress.total_bytes else 0.0
        st.progress(min(1.0, share), _describe(progress, time.monotonic() - job.began, job.resumed_bytes or 0))
    if st.button("Stop", icon=":material/stop:", key=f"stop-{name}"):
        job.cancelled = True


def _describe(progress: Progress, seconds: float, resumed_bytes: int) -> str:
    done = f"{progress.done_bytes / 1e6:.1f}"
    text = f"File {progress.file_number} of {progress.files}: {done} MB"
    if progress.total_bytes:
        text += f" of {progress.total_bytes / 1e6:.1f} MB"
        if progress.file_number == 1 and progress.done_bytes > resumed_bytes:
            left = seconds * (progress.total_bytes - progress.done_bytes) / (progress.done_bytes - resumed_bytes)
            text += f", about {duration(left, short=True)} left"
    return text
