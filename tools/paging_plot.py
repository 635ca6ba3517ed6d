# SPDX-License-Identifier: Apache-2.0
"""The plot of tools/bench-paging: gains by number of tasks, one colour for each latency."""

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 400, 60, 30, 130, 50
COLOURS = ("#c0392b", "#d68910", "#1e8449", "#2471a3")


def text(x, y, what, anchor="middle", style=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{style}>{what}</text>'


def line(points, colour, style=""):
    at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{at}" fill="none" stroke="{colour}"{style}/>'


class Axes:
    """Tasks to the right, gain upwards, both from 0 or 1 to the most tasks."""

    def __init__(self, tasks):
        self.tasks = tasks

    def at(self, tasks, gain):
        most = self.tasks[-1]
        return (LEFT + (tasks - 1) / (most - 1) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - gain / most * (HEIGHT - TOP - BOTTOM))

    def draw(self):
        parts = [text((LEFT + WIDTH - RIGHT) / 2, 18, "Pages per second, sleeping over waiting"),
                 text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "tasks"),
                 text(WIDTH - RIGHT + 12, HEIGHT - BOTTOM + 4, "dashed: predicted", "start")]
        for gain in range(0, self.tasks[-1] + 1, 2):
            left, right = self.at(1, gain), self.at(self.tasks[-1], gain)
            parts += [line([left, right], "#ddd"), text(left[0] - 10, left[1] + 4, gain, "end")]
        return parts + [text(self.at(n, 0)[0], HEIGHT - BOTTOM + 18, n) for n in self.tasks]


def plot(path, tasks, gains):
    """gains: by latency, then number of tasks, the measured and the predicted one."""
    axes, label = Axes(tasks), None
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
             f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', *axes.draw()]
    for colour, (latency, rows) in reversed(list(zip(COLOURS, gains.items()))):
        seen = [axes.at(n, measured) for n, (measured, _) in rows.items()]
        parts.append(line([axes.at(n, predicted) for n, (_, predicted) in rows.items()], colour,
                          ' stroke-dasharray="5 4"'))
        parts.append(line(seen, colour, ' stroke-width="2"'))
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in seen]
        label = seen[-1][1] if label is None else max(seen[-1][1], label + 16)
        parts.append(text(WIDTH - RIGHT + 12, label + 4, f"{latency} us", "start", f' fill="{colour}"'))
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join([*parts, "</svg>\n"]))
