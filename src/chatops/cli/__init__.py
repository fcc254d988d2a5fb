"""The command line. ``main`` is the console script ``chatops``."""

import gc
import sys


def main() -> int:
    """Run the command in ``sys.argv``; the exit code."""
    if sys.argv[1:] == ["--version"]:  # answered before anything heavy is imported
        from chatops import __version__

        sys.stdout.write(f"chatops {__version__}\n")
        return 0
    # Looking for garbage while modules load finds none and takes a tenth of the start; Cli.run
    # switches it on again. At the end freeze() spares the interpreter the last look.
    gc.disable()
    try:
        from chatops.cli.start import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # so early that nobody else could take it
        return 130
    finally:
        gc.freeze()
