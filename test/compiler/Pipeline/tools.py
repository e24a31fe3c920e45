# RUN: %python %s %root
"""glyptic-opt has every pass, and each copes with an empty module; the language server finds mistakes in our ops."""
import json
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(sys.argv[1])

# ---- Passes ----
passes = re.findall(r': Pass<"([^"]+)"', (root / "compiler/Passes.td").read_text())
assert len(passes) == (root / "compiler/Passes.td").read_text().count("Pass : Pass<") > 0
listed = subprocess.run(["glyptic-opt", "--help"], check=True, capture_output=True, text=True).stdout
for name in passes:
    assert re.search(rf"^\s+--{name}\s+-\s+\S", listed, re.MULTILINE), f"--help does not say what {name} does"
    done = subprocess.run(["glyptic-opt", f"--{name}", "-"], input="module {}", capture_output=True, text=True)
    if name == "graph-training":
        assert done.returncode == 1 and "error: has no function @infer to train" in done.stderr, done.stderr
    else:
        assert done.returncode == 0 and "module" in done.stdout, f"{name}: {done.stderr}"


# ---- Language server ----
def message(**content):
    text = json.dumps({"jsonrpc": "2.0", **content})
    return f"Content-Length: {len(text)}\r\n\r\n{text}"


def diagnostics(text):
    """What the server says of a file that an editor opens."""
    uri = "file:///model.mlir"
    document = {"uri": uri, "languageId": "mlir", "version": 1, "text": text}
    session = [message(id=0, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}}),
               message(method="initialized", params={}),
               message(method="textDocument/didOpen", params={"textDocument": document}),
               message(id=1, method="shutdown", params=None), message(method="exit")]
    done = subprocess.run(["glyptic-lsp-server", "--log=error"], input="".join(session), capture_output=True, text=True, timeout=60)
    replies = [json.loads(reply) for reply in re.split(r"Content-Length: \d+\r?\n\r?\n", done.stdout) if reply]
    assert any("capabilities" in reply.get("result", {}) for reply in replies if reply.get("id") == 0), done
    found = [reply["params"] for reply in replies if reply.get("method") == "textDocument/publishDiagnostics"]
    assert found and all(report["uri"] == uri for report in found), done.stdout
    return [(entry["range"]["start"]["line"], entry["message"]) for entry in found[-1]["diagnostics"]]


SOUND = """func.func @f(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = graph.relu %x : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
"""
TRANSPOSED = SOUND.replace("graph.relu %x : tensor<2x3xf32>",
                           "graph.transpose %x permutation = [1, 1] : (tensor<2x3xf32>) -> tensor<2x3xf32>")
assert diagnostics(SOUND) == []
[(line, text)] = diagnostics(SOUND.replace("graph.relu", "graph.relo"))
assert line == 1 and "graph.relo" in text, text
line, text = diagnostics(TRANSPOSED)[0]
assert line == 1 and "permutation" in text, text
