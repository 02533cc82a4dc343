"""The Mandelbrot set by a farm: rows are handed out one by one, since some take a hundred times as long as others.

The set is Brooks' and Matelski's, and Mandelbrot's (1980); the processor farm is occam's (May and Shepherd 1987). A row
comes back as bytes. Writes a picture (PGM), and prints a small one. Run it: ``python mandelbrot.py [width] [file]``.
"""

import time
from pathlib import Path

from command import Outcome, Wrong, run

import csp

DEPTH = 100  # steps after which a point belongs to the set
SHADES = " .:-=+*#%@"

type Row = tuple[int, bytes]


def steps(c: complex) -> int:
    """How many times z becomes z*z + c before it is farther than 2 from 0; at most DEPTH."""
    z = 0j
    for step in range(DEPTH):
        if z.real * z.real + z.imag * z.imag > 4.0:
            return step
        z = z * z + c
    return DEPTH


def row_of(y: int, width: int) -> bytes:
    """One row of the picture of -2.25 to 0.75 and -1 to 1, which is two thirds as high as it is wide."""
    scale, middle = 3.0 / width, (width * 2 // 3 - 1) / 2
    return bytes(steps(complex(x * scale - 2.25, (y - middle) * scale)) for x in range(width))


def farm(height: int, rows: csp.Sender[int]) -> None:
    """Hand out the rows; who is done early gets more."""
    for y in range(height):
        rows.send(y)


def worker(width: int, rows: csp.Receiver[int], done: csp.Sender[Row]) -> None:
    """Compute rows until there are no more."""
    for y in rows:
        done.send((y, row_of(y, width)))


def check(rows: list[Row], width: int) -> list[bytes]:
    """Check the whole picture: each row once, the lower half the mirror of the upper, the middle as computed here."""
    height = width * 2 // 3
    if sorted(y for y, _ in rows) != list(range(height)):
        raise Wrong(f"the rows {sorted(y for y, _ in rows)} came, not each of {height} once")
    picture = [row for _, row in sorted(rows)]
    for y, row in enumerate(picture):
        if row != picture[height - 1 - y]:
            raise Wrong(f"row {y} is not the mirror of row {height - 1 - y}")
    if picture[height // 2] != row_of(height // 2, width):
        raise Wrong(f"row {height // 2} is another when it is computed here")
    return picture


def write(picture: list[bytes], file: Path) -> None:
    """Make a portable grey map; what belongs to the set is black."""
    grey = bytes(255 - step * 255 // DEPTH for step in range(DEPTH + 1)).ljust(256, b"\0")
    header = f"P5 {len(picture[0])} {len(picture)} 255\n".encode()
    file.write_bytes(header + b"".join(row.translate(grey) for row in picture))


def small(picture: list[bytes], columns: int = 60) -> str:
    """Draw the picture in letters, which are twice as high as they are wide."""
    step = max(1, len(picture[0]) // columns)
    lines = ("".join(SHADES[steps * 9 // DEPTH] for steps in row[::step]) for row in picture[:: 2 * step])
    return "\n".join(line.rstrip() for line in lines)


def main(width: int = 240, file: str = "mandelbrot.pgm", workers: int = 2) -> Outcome:
    began = time.perf_counter()
    with csp.parallel() as par:
        rows_out, rows = csp.channel()
        results, done = csp.channel()
        par.start(farm, width * 2 // 3, rows_out)
        par.start_many(workers, worker, width, rows, results)
        collector = par.start(list, done)
    seconds = time.perf_counter() - began
    picture = check(collector.result(), width)
    write(picture, Path(file))
    text = f"{small(picture)}\n{file}: {width} x {len(picture)} points"
    return Outcome(text, width * len(picture), "point", seconds)


if __name__ == "__main__":
    run(main)
