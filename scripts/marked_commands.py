"""marked_commands.py FILE…: runs each block of commands that is marked with <!-- run -->, line by line, from the repository's root."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^<!-- run -->\n```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main(files: list[str]) -> int:
    lines = [line for file in files for block in BLOCK.findall((ROOT / file).read_text()) for line in block.splitlines()]
    failed = 0
    for line in lines:
        done = subprocess.run(["bash", "-c", line], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        print(f"{'ok    ' if done.returncode == 0 else 'FAILED'}  {line}")
        if done.returncode != 0:
            failed += 1
            print(done.stdout + done.stderr, file=sys.stderr)
    print(f"{len(lines)} commands, {failed} failed")
    return 1 if failed or not lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
