"""The command line. ``main`` is the console script ``chatops``."""

import gc
import sys


def main() -> int:
    """Run the command in ``sys.argv``; the exit code."""
    code = 0
    try:
        code = _run(sys.argv[1:])
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:  # so early that nobody else could take it
        return 130
    except OSError as error:
        from chatops.cli.streams import unwritten

        return unwritten(error, code)
    finally:
        gc.freeze()
    return code


def _run(argv: list[str]) -> int:
    if argv == ["--version"] and sys.stdout is not None:
        from chatops import __version__  # answered before anything heavy is imported

        sys.stdout.write(f"chatops {__version__}\n")
        return 0
    # Looking for garbage while modules load finds none and takes a tenth of the start; Cli.run
    # switches it on again. At the end freeze() spares the interpreter the last look.
    gc.disable()
    from chatops.cli.start import run

    return run(argv)
