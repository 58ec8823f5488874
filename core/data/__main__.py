"""Download data sets from the command line: `python -m core.data mnist [fashion-mnist ...]`."""

import argparse
import sys

from tqdm import tqdm

from core.data.datasets import DATASETS, DatasetError, Progress, data_root, download


def main() -> int:
    """Download each named data set with a progress bar; 1 when one could not be brought."""
    parser = argparse.ArgumentParser(prog="python -m core.data", description="Download data sets to data/ or LATENT_DATA.")
    parser.add_argument("names", nargs="+", choices=[name for name, dataset in DATASETS.items() if not dataset.embedded])
    for name in parser.parse_args().names:
        with tqdm(unit="B", unit_scale=True, desc=name) as bar:

            def show(progress: Progress, bar: tqdm = bar) -> None:
                bar.total = progress.total_bytes
                bar.set_postfix_str(f"{progress.file} ({progress.file_number}/{progress.files})", refresh=False)
                bar.update(progress.done_bytes - bar.n)

            try:
                download(name, show)
            except DatasetError as error:
                bar.close()
                print(error, file=sys.stderr)
                return 1
        print(f"{name} is in {data_root()}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Stopped; run it again to continue where it stopped.", file=sys.stderr)
        sys.exit(130)
