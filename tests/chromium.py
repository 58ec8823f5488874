"""Find a Chromium for the browser tests; run as a script it installs Debian's when it may, and else says how to get one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
# Software rendering, so that the map's WebGL works without a GPU, and nothing that calls home.
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
# With these alone an emulated GPU also puts every frame together. A browser on a machine without a GPU leaves it WebGL
# alone and puts frames together on the CPU, several times as fast: that is what this asks for.
ON_CPU = "--disable-gpu-compositing"
# Each window's address bar keeps two pages of its own ready for suggestions, a process that costs as much as a small page. A second
# --disable-features replaces the first, so Playwright's (chromiumSwitches.ts) stand here again.
NO_SUGGESTIONS = "--disable-features=" + ",".join(
    (
        "WebUIOmniboxPopup",
        "WebUIOmniboxAimPopup",
        "AvoidUnnecessaryBeforeUnloadCheckSync",
        "DestroyProfileOnBrowserClose",
        "HttpsUpgrades",
        "HttpsFirstBalancedModeAutoEnable",
        "LensOverlay",
        "MediaRouter",
        "PaintHolding",
        "ThirdPartyStoragePartitioning",
        "AvoidCorsURLLoaderRestartOnRedirect",
        "TcpPortRandomizationWin",
        "OptimizationHints",
        "NetworkTimeServiceQuerying",
        "AimEnabled",
        "PreconnectToSearch",
    )
)
# A page on a line this slow fetches nothing ahead (map/ahead.js): most tests have left before it would be of use, and have paid for it.
SLOW_LINE = "--force-effective-connection-type=3G"
ADVICE = (
    "The browser tests need Chromium or Chrome. Install it (Debian or Ubuntu: sudo apt-get install chromium; Fedora: sudo dnf install "
    "chromium; macOS: brew install --cask google-chrome), or name one: CHROMIUM=/path/to/chrome make test."
)


def find() -> str | None:
    """The path of an installed Chromium or Chrome: the environment variable CHROMIUM, else the usual names and places."""
    if named := os.environ.get("CHROMIUM"):
        return named if Path(named).is_file() else None
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    return found or next((path for path in ELSEWHERE if Path(path).is_file()), None)


def main() -> int:
    """0 when a browser is there at the end, 1 with advice when not."""
    if not find() and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("Installing Chromium from Debian's packages (once)", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            if subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL).returncode:
                break
    if find():
        return 0
    print(ADVICE, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
