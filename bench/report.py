"""The tables, at most 100 columns wide."""
import workloads

PEERS = {"PyTorch": ["torch"], "compiled": ["compiled"], "JAX": ["jax"], "ORT": ["onnxruntime", "onnxruntime-training"]}


def ms(seconds):
    """Three digits."""
    value = seconds * 1e3
    return f"{value:.4f}" if value < 0.1 else f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(heading, rows):
    """Columns aligned, the first to the left."""
    lines = [heading, *rows]
    widths = [max(len(str(line[i])) for line in lines) for i in range(len(heading))]
    join = lambda line: "  ".join(str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(line, widths)))
    return "\n".join(join(line).rstrip() for line in lines)


def best_peer(row):
    """Name and seconds of the fastest, or None."""
    times = {n: p["seconds"] for n, p in row["peers"].items() if "seconds" in p}
    return min(times.items(), key=lambda item: item[1]) if times else None


def times_table(results):
    heading = ["ms", "ours", *PEERS, "ratio", "goal", "", "alone", "gap", "predicted"]
    rows = []
    for name, row in results["rows"].items():
        ours, best = row["ours"], best_peer(row)
        goal = workloads.workload(name).goal if name in workloads.TRAINING else 1.0
        cells = [next((ms(row["peers"][n]["seconds"]) for n in names if "seconds" in row["peers"].get(n, {})), "-")
                 for names in PEERS.values()]
        if "seconds" not in ours:
            rows.append([name, "-", *cells, "-", f"{goal:.2f}", "", "-", "-", "-"])
            continue
        seconds, alone = ours["seconds"]["median"], ours["library_alone"]
        ratio = best[1] / seconds if best else None
        rows.append([name, ms(seconds), *cells, f"{ratio:.2f}" if ratio else "-", f"{goal:.2f}",
                     "" if ratio is None else "met" if ratio >= goal else "short", ms(alone), ms(seconds - alone),
                     ms(ours["predicted"])])
    return table(heading, rows)


def split_table(results):
    heading = ["ms", "step", "library", "(alone)", "kernels", "waiting", "dispatch", "us each", "calls", "kernels", "GB moved"]
    rows = []
    for name, row in results["rows"].items():
        ours = row["ours"]
        if "split" in ours:
            split = ours["split"]
            rows.append([name, ms(ours["seconds"]["median"]), ms(split["library"]), ms(ours["library_alone"]), ms(split["kernels"]),
                         ms(split["waiting"]), ms(split["dispatch"]), f"{ours['dispatch_per_instruction'] * 1e6:.2f}",
                         int(ours["library_calls"]), int(ours["kernels"]), f"{ours['bytes'] / 1e9:.3g}"])
    return table(heading, rows)


def cost_table(results):
    heading = ["", "train MB", "bill MB", "goal MB", "peers MB", "compile s", "goal s", "warm s", "compile MB"]
    rows = []
    for name, row in results["rows"].items():
        ours = row["ours"]
        if "compile" not in ours:
            continue
        work, compiled = workloads.workload(name), ours["compile"]
        memory = [f"{row['memory']['megabytes']:.0f}", f"{ours['session_bytes'] / 1e6:.0f}", f"{work.memory_goal}"] \
            if "memory" in row else ["-", f"{ours['session_bytes'] / 1e6:.0f}", "-"]
        peers = "/".join(f"{p['megabytes']:.0f}" for p in row["peers"].values() if "megabytes" in p)
        rows.append([name, *memory, peers or "-", f"{compiled['cold']:.2f}", f"{work.compile_goal}", f"{compiled['warm']:.2f}",
                     f"{compiled['megabytes']:.0f}"])
    return table(heading, rows)


def get_notes(results):
    notes = []
    for name, row in results["rows"].items():
        if "error" in row["ours"]:
            notes.append(f"{name} does not compile: {row['ours']['error']}")
        for peer, result in row["peers"].items():
            if "error" in result:
                notes.append(f"{name}: {peer}: {result['error']}")
            elif "first" in row["ours"] and workloads.workload(name).network != "bert":  # dropout differs
                mine = row["ours"]["first"]
                if name in workloads.TRAINING and abs(mine - result["first"]) > 1e-3 * abs(mine):
                    notes.append(f"{name}: the first loss is {mine:.5f}, {peer}'s {result['first']:.5f}")
    return notes


def render(results):
    legend = ("ratio: the fastest peer over ours. alone: the step's own library calls, timed by themselves; gap: the rest of the\n"
              "step. waiting: threads for the slowest of a kernel. dispatch: everything outside library calls and kernels.")
    title = lambda row: workloads.workload(row).title
    titles = "\n".join(f"{row}  " + (f"{title(row).split(',')[0]}, inference of one sample" if row in workloads.INFERENCE else title(row))
                       for row in results["rows"])
    parts = [f"{results['date']}, {results['cpu']}, {results['threads']} threads of {results['cores']}, load before {results['load']:.1f}",
             titles, times_table(results), split_table(results), cost_table(results), legend]
    if results.get("process") and "seconds" in results["process"]:
        parts.append(f"100 steps of W1 from its model, the whole process, objects cached: {results['process']['seconds']:.2f} s (goal 0.3)")
    notes = get_notes(results)
    return "\n\n".join(parts + (["\n".join(notes)] if notes else []))
